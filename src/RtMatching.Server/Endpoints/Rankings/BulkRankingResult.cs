using System.Text;
using RtMatching.Core.Matching;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>GET /v1/rankings/bulk/{id}/result</c>: the lines that are there, as a download.</summary>
internal static class BulkRankingResult
{
    private const string Lines = "application/x-ndjson";

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/rankings/bulk/{id:long}/result", HandleAsync)
        .WithName("GetBulkRankingResult")
        .WithSummary("A bulk ranking's result, as lines of JSON")
        .WithDescription(
            "One line for each job that is ranked, in the order of the jobs and in the form that `rank --all-jobs --output` writes; a job that could " +
            "not be ranked has a line {\"job\", \"problem\"}. While the bulk ranking runs: what is there.")
        .WithTags("rankings")
        .Produces<string>(StatusCodes.Status200OK, Lines)
        .ProducesProblem(404)
        .DisableRequestTimeout()
        .WithMetadata(BulkExamples.Result);

    private static async Task<IResult> HandleAsync(long id, BulkRankingStore store, Caller caller, CancellationToken cancellation)
    {
        var ranking = await ShowBulkRanking.FindAsync(id, store, caller, cancellation);
        return TypedResults.Stream(stream => WriteAsync(stream, store, ranking, cancellation), Lines, $"bulk-ranking-{id}.jsonl");
    }

    private static async Task WriteAsync(Stream stream, BulkRankingStore store, BulkRankingSummary ranking, CancellationToken cancellation)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false), bufferSize: 1 << 16, leaveOpen: true) { NewLine = "\n" };
        await foreach (var line in store.LinesAsync(ranking, cancellation)) await writer.WriteLineAsync(line.AsMemory(), cancellation);
    }
}
