using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /alive</c>: the process answers. What restarts a process asks this, never <c>/health</c>: a restart mends no database.</summary>
internal static class Alive
{
    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/alive", () => TypedResults.Ok(new AliveAnswer("alive")))
        .WithName("Alive")
        .WithTags("operations")
        .WithSummary("The process lives.")
        .WithDescription("Answers without asking anything else. For what restarts a process that hangs. Needs no API key.")
        .AllowAnonymous()
        .DisableRateLimiting()
        .WithMetadata(new EndpointExample { Response = new AliveAnswer("alive") });
}

internal sealed record AliveAnswer(string Status);
