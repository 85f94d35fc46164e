using System.Globalization;
using RtMatching.Core.Matching;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>GET /v1/rankings/bulk</c>: the bulk rankings there are.</summary>
internal static class ListBulkRankings
{
    private const int MaxLimit = 100;

    /// <param name="Next">What <c>after</c> is for the next page; null where this is the last.</param>
    internal sealed record Response(IReadOnlyList<BulkRankingSummary> Items, string? Next);

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/rankings/bulk", HandleAsync)
        .WithName("ListBulkRankings")
        .WithSummary("The bulk rankings, newest first")
        .WithDescription("Those that have not been deleted, with their progress.")
        .WithTags("rankings")
        .Produces<Response>()
        .ProducesProblem(400)
        .WithMetadata(BulkExamples.List);

    private static async Task<Response> HandleAsync(
        BulkRankingStore store, Caller caller, CancellationToken cancellation, long? after = null, int limit = 20)
    {
        if (limit is < 1 or > MaxLimit) throw ProblemException.BadRequest($"limit is {limit}; it must be from 1 to {MaxLimit}.");
        var found = await store.ListAsync(caller.Tenant, after, limit + 1, cancellation);
        return new Response([.. found.Take(limit)], found.Count > limit ? found[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }
}
