namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /openapi.json</c>: every endpoint with its parameters, bodies and examples.</summary>
internal static class OpenApiDocument
{
    /// <summary>Open: it says nothing that the source does not, and tools fetch it without credentials.</summary>
    public static void Map(IEndpointRouteBuilder app) => app.MapOpenApi("/openapi.json").AllowAnonymous();
}
