using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /v1/status</c>: the status view for programs.</summary>
internal static class GetStatus
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/status", HandleAsync)
        .WithName("GetStatus")
        .WithSummary("What the system does right now")
        .WithDescription("""
            What is wrong first, then ingestions with rate and remaining time, the queue by stage, failures of the last day by reason, engines,
            the silos where it is a cluster, profiles with the state of their indexes, and the database. Cheap: it is read at most once a second, however many ask.
            """)
        .WithTags("operations")
        .WithMetadata(new EndpointExample { Response = Example() })
        .Produces<StatusReport>()
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(SharedStatus status, Caller caller, HttpResponse response, CancellationToken cancellation)
    {
        response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(await status.ReadAsync(caller.Tenant, cancellation));
    }

    private static StatusReport Example()
    {
        var now = new DateTimeOffset(2026, 11, 21, 9, 30, 0, TimeSpan.Zero);
        var ingestion = new IngestionSummary(17, "default", DocumentKind.Cv, "careers", TaskProfile.DefaultName, 1, false, IngestionState.Running, true,
            now.AddMinutes(-20), null, new ItemCounts(1200, 60, 9730, 0, 8, 2, 0));
        return new StatusReport
        {
            TakenAt = now,
            Ingestions = [new IngestionStatus(ingestion, 8.5, 148.2, null)],
            Rankings = [new RankingStatus(4, TaskProfile.DefaultName, 1, BulkRankingState.Running, true, 300, 189, 12.6, now.AddSeconds(-25), null)],
            Queue = new QueueStatus(
                [new(ItemStage.Queued, 1184, 16, 0, 0, 1190.4), new(ItemStage.Parsed, 0, 60, 0, 0, null)], EndedLastMinute: 510, DeadLetters: 2),
            Failures = new FailureReport(
                [new(ItemStage.Rejected, "needs_ocr", "the PDF has pictures of text but no text: a scan; run OCR on it", 8, now.AddMinutes(-3))], 8, false),
            Engines = [new EngineStatus("host-1234 cpu", ["rt-mini"], ["parse", "embed"], true, null, 9730, 4_200_000)],
            Silos = [SiloExamples.Active],
            Profiles =
            [
                new ProfileStatus(TaskProfile.DefaultName, 1, true, "rt-mini", 2, 256, new RowCount(9730, false), new RowCount(9730, false), 0, 14_000_000,
                    [new IndexStatus(DocumentKind.Cv, IndexState.Ready, 9600, 9_000_000, null, null), new IndexStatus(DocumentKind.Job, IndexState.None, null, null, null, null)]),
            ],
            Store = new StoreStatus("17.2", "0.8.0", 210_000_000, [new TableStatus("contents", 11_000, 120_000_000)], 12, 100),
        };
    }
}
