namespace RtMatching.Server.OpenApi;

/// <summary>What a request to an endpoint and its answer look like, for <c>/openapi.json</c>: <c>.WithMetadata(new EndpointExample { ... })</c>.</summary>
public sealed record EndpointExample
{
    /// <summary>
    /// The body: an object that becomes JSON, a string of another format, or, where several formats are taken, an example of each by content
    /// type (<c>IReadOnlyDictionary&lt;string, object&gt;</c>). Null where there is none.
    /// </summary>
    public object? Request { get; init; }

    /// <summary>The body of the successful answer; null where there is none.</summary>
    public object? Response { get; init; }

    /// <summary>Values of path and query parameters, by name.</summary>
    public IReadOnlyDictionary<string, object> Parameters { get; init; } = new Dictionary<string, object>();
}
