using System.ComponentModel;
using RtMatching.Core.Ingestion;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>GET /v1/ingestions/{id}/items</c>: what became of each file and row.</summary>
internal static class ListItems
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/ingestions/{id:long}/items", HandleAsync)
        .WithName("ListItems")
        .WithSummary("What became of each file and row")
        .WithDescription("In order of submission; failed=true shows only what is not usable or was given up, and why.")
        .WithTags("ingestions")
        .Produces<Page<IngestionItem>>()
        .ProducesProblem(400).ProducesProblem(404)
        .WithMetadata(new EndpointExample
        {
            Response = new Page<IngestionItem>([IngestionExamples.Item], null),
            Parameters = new Dictionary<string, object> { ["id"] = 17, ["failed"] = true, ["after"] = 0, ["limit"] = Paging.Usual },
        });

    private static async Task<Page<IngestionItem>> HandleAsync(
        IngestionRecords records, Caller caller, long id, [Description("Only what is not usable or was given up.")] bool? failed,
        [Description("Go on after this item: next of the page before.")] long? after, [Description("At most so many.")] int? limit,
        CancellationToken cancellation)
    {
        var most = Paging.Limit(limit);
        return Paging.Cut(await records.ItemsAsync(id, caller.Tenant, failed ?? false, after ?? 0, most + 1, cancellation), most, item => item.Id);
    }
}
