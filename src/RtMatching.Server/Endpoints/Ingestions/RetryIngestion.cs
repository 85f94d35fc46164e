using Microsoft.AspNetCore.Http.HttpResults;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Backend;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>POST /v1/ingestions/{id}/retry</c>.</summary>
internal static class RetryIngestion
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/ingestions/{id:long}/retry", HandleAsync)
        .WithName("RetryIngestion")
        .WithSummary("Works again on what was rejected, given up or cancelled")
        .WithDescription(
            "What was never stored (unreadable, too large, malformed rows) stays as it is: hand it in again once mended. An ingestion whose submission " +
            "broke off is taken for complete.")
        .WithTags("ingestions")
        .Produces<IngestionSummary>(StatusCodes.Status202Accepted)
        .ProducesProblem(404)
        .WithMetadata(new EndpointExample { Response = IngestionExamples.Summary, Parameters = IngestionExamples.Id });

    private static async Task<Accepted<IngestionSummary>> HandleAsync(
        HttpResponse response, IngestionRecords records, IMatchingBackend backend, Caller caller, long id, CancellationToken cancellation)
    {
        await records.RetryAsync(id, caller.Tenant, cancellation);
        await backend.StartIngestionAsync(id, cancellation);
        return IngestionAnswers.Accepted(response, await records.FindAsync(id, caller.Tenant, cancellation));
    }
}
