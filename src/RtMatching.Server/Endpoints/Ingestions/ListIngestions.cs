using System.ComponentModel;
using RtMatching.Core.Ingestion;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>GET /v1/ingestions</c>: newest first.</summary>
internal static class ListIngestions
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/ingestions", HandleAsync)
        .WithName("ListIngestions")
        .WithSummary("The ingestions, newest first")
        .WithDescription("Each with how many of its items stand in which stage.")
        .WithTags("ingestions")
        .Produces<Page<IngestionSummary>>()
        .ProducesProblem(400)
        .WithMetadata(new EndpointExample
        {
            Response = new Page<IngestionSummary>([IngestionExamples.Summary], null),
            Parameters = new Dictionary<string, object> { ["after"] = 18, ["limit"] = Paging.Usual },
        });

    private static async Task<Page<IngestionSummary>> HandleAsync(
        IngestionRecords records, Caller caller, [Description("Older than this one: next of the page before.")] long? after,
        [Description("At most so many.")] int? limit, CancellationToken cancellation)
    {
        var most = Paging.Limit(limit);
        return Paging.Cut(await records.ListAsync(caller.Tenant, after ?? long.MaxValue, most + 1, cancellation), most, ingestion => ingestion.Id);
    }
}
