using RtMatching.Core.Matching;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>POST /v1/rankings/bulk/{id}/cancel</c>: stops it.</summary>
internal static class CancelBulkRanking
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rankings/bulk/{id:long}/cancel", HandleAsync)
        .WithName("CancelBulkRanking")
        .WithSummary("Stops a bulk ranking")
        .WithDescription("What is ranked stays, and can be read. One that has ended is left as it is, which is no error.")
        .WithTags("rankings")
        .Produces<BulkRankingSummary>()
        .ProducesProblem(404)
        .WithMetadata(BulkExamples.Cancelled);

    private static async Task<BulkRankingSummary> HandleAsync(long id, BulkRankingStore store, Caller caller, CancellationToken cancellation)
    {
        await store.CancelAsync(caller.Tenant, id, cancellation);
        return await ShowBulkRanking.FindAsync(id, store, caller, cancellation);
    }
}
