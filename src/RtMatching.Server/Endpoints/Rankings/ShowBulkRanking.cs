using RtMatching.Core.Matching;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>GET /v1/rankings/bulk/{id}</c>: how far it is.</summary>
internal static class ShowBulkRanking
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/rankings/bulk/{id:long}", HandleAsync)
        .WithName("GetBulkRanking")
        .WithSummary("How far a bulk ranking is")
        .WithDescription("Its state, its jobs in all, ranked and failed, jobs per second, and the seconds left at that rate.")
        .WithTags("rankings")
        .Produces<BulkRankingSummary>()
        .ProducesProblem(404)
        .WithMetadata(BulkExamples.Running);

    private static Task<BulkRankingSummary> HandleAsync(long id, BulkRankingStore store, Caller caller, CancellationToken cancellation) =>
        FindAsync(id, store, caller, cancellation);

    /// <exception cref="ProblemException">404.</exception>
    public static async Task<BulkRankingSummary> FindAsync(long id, BulkRankingStore store, Caller caller, CancellationToken cancellation) =>
        await store.FindAsync(caller.Tenant, id, cancellation) ?? throw NotFound(id);

    public static ProblemException NotFound(long id) =>
        ProblemException.NotFound($"There is no bulk ranking {id}; GET /v1/rankings/bulk lists those there are.");
}
