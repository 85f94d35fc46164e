using RtMatching.Core.Ingestion;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>GET /v1/ingestions/{id}</c>: how one stands.</summary>
internal static class ShowIngestion
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/ingestions/{id:long}", HandleAsync)
        .WithName("GetIngestion")
        .WithSummary("How an ingestion stands")
        .WithDescription("Its counts by stage and outcome, its rate over the last minute and the time that remains; told from the items' rows, whoever works on them.")
        .WithTags("ingestions")
        .Produces<IngestionReport>()
        .ProducesProblem(404)
        .WithMetadata(new EndpointExample { Response = IngestionExamples.Report, Parameters = IngestionExamples.Id });

    private static Task<IngestionReport> HandleAsync(IngestionRecords records, Caller caller, long id, CancellationToken cancellation) =>
        records.ReportAsync(id, caller.Tenant, cancellation);
}
