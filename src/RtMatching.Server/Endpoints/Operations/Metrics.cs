using RtMatching.Server.OpenApi;
using RtMatching.Server.Telemetry;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary><c>GET /metrics</c>: for Prometheus to scrape.</summary>
internal static class Metrics
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/metrics", HandleAsync)
        .WithName("GetMetrics")
        .WithSummary("Metrics in Prometheus's text format")
        .WithDescription("Counters, gauges and histograms since the server started, in text format 0.0.4. Metrics are named after OpenTelemetry's "
            + "conventions, with unit and `_total` as suffixes: `rtmatch.ingestion.items` is `rtmatch_ingestion_items_total` here.")
        .WithTags("operations")
        .Produces<string>(StatusCodes.Status200OK, "text/plain")
        .WithMetadata(new EndpointExample
        {
            Response = """
                # HELP rtmatch_ingestion_items_total Items that went through a stage, by what came of it; failed ones are tried again.
                # TYPE rtmatch_ingestion_items_total counter
                rtmatch_ingestion_items_total{otel_scope_name="RtMatching",rtmatch_ingestion_stage="store",rtmatch_item_outcome="ok"} 1389

                """,
        });

    private static async Task<IResult> HandleAsync(PrometheusMetrics metrics, CancellationToken cancellation) =>
        Results.Bytes(await Task.Run(metrics.Scrape, cancellation), ContentType);
}
