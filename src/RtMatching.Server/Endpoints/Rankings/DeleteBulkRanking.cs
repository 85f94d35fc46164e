using RtMatching.Core.Matching;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>DELETE /v1/rankings/bulk/{id}</c>: it and its result.</summary>
internal static class DeleteBulkRanking
{
    public static void Map(IEndpointRouteBuilder api) => api.MapDelete("/rankings/bulk/{id:long}", HandleAsync)
        .WithName("DeleteBulkRanking")
        .WithSummary("Deletes a bulk ranking and its result")
        .WithDescription("Whatever its state; one that runs is stopped. Results go by themselves seven days after the end.")
        .WithTags("rankings")
        .Produces(StatusCodes.Status204NoContent)
        .ProducesProblem(404)
        .WithMetadata(BulkExamples.Deleted);

    private static async Task<IResult> HandleAsync(long id, BulkRankingStore store, Caller caller, CancellationToken cancellation) =>
        await store.DeleteAsync(caller.Tenant, id, cancellation) ? TypedResults.NoContent() : throw ShowBulkRanking.NotFound(id);
}
