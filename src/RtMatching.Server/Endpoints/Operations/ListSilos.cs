using RtMatching.Core.Operations;
using RtMatching.Server.Backend;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /v1/silos</c>: the processes of the cluster.</summary>
internal static class ListSilos
{
    /// <param name="Next">Always null: all of them are here.</param>
    internal sealed record Response(IReadOnlyList<SiloStatus> Items, string? Next);

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/silos", HandleAsync)
        .WithName("ListSilos")
        .WithSummary("The silos of the cluster")
        .WithDescription("What each is and does, those that died lately included. Empty where this server is one process and no cluster.")
        .WithTags("operations")
        .Produces<Response>()
        .WithMetadata(new EndpointExample { Response = new Response([SiloExamples.Active, SiloExamples.Draining], null) });

    private static async Task<Response> HandleAsync(IMatchingBackend backend, CancellationToken cancellation) =>
        new([.. (await backend.SilosAsync(cancellation)).OrderBy(silo => silo.Name, StringComparer.Ordinal)], null);
}
