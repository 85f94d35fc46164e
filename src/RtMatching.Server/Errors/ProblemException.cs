namespace RtMatching.Server.Errors;

/// <summary>A request that cannot be answered as asked. The detail names the thing and the remedy, and never a document's text.</summary>
public sealed class ProblemException(int status, string title, string detail) : Exception(detail)
{
    public int Status { get; } = status;
    public string Title { get; } = title;

    /// <summary>When to try again; sent as Retry-After.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ProblemException BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "The request cannot be understood.", detail);
    public static ProblemException NotFound(string detail) => new(StatusCodes.Status404NotFound, "There is no such thing.", detail);
    public static ProblemException Conflict(string detail) => new(StatusCodes.Status409Conflict, "Not now.", detail);
}
