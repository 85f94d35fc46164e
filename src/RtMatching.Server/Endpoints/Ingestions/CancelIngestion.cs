using RtMatching.Core.Ingestion;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>POST /v1/ingestions/{id}/cancel</c>.</summary>
internal static class CancelIngestion
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/ingestions/{id:long}/cancel", HandleAsync)
        .WithName("CancelIngestion")
        .WithSummary("Stops an ingestion")
        .WithDescription("What is embedded already stays; the rest waits for a retry. Cancelling twice is no error, cancelling what has ended is.")
        .WithTags("ingestions")
        .Produces<IngestionSummary>()
        .ProducesProblem(404).ProducesProblem(409)
        .WithMetadata(new EndpointExample
        {
            Response = IngestionExamples.Summary with { State = IngestionState.Cancelled }, Parameters = IngestionExamples.Id,
        });

    private static async Task<IngestionSummary> HandleAsync(IngestionRecords records, Caller caller, long id, CancellationToken cancellation)
    {
        await records.CancelAsync(id, caller.Tenant, cancellation);
        var summary = await records.FindAsync(id, caller.Tenant, cancellation);
        return summary.State == IngestionState.Cancelled
            ? summary
            : throw ProblemException.Conflict($"Ingestion {id} had ended already: there is nothing to stop.");
    }
}
