using Microsoft.OpenApi;

namespace RtMatching.Server.OpenApi;

/// <summary>
/// The forms of a body that an endpoint reads itself, for <c>/openapi.json</c>. ASP.NET's own way of declaring them would answer other
/// ones before the endpoint can name these.
/// </summary>
internal sealed record StreamedBody(bool Required, params string[] Types)
{
    public OpenApiRequestBody Describe() => new()
    {
        Required = Required,
        Content = Types.ToDictionary(type => type, _ => new OpenApiMediaType()),
    };
}
