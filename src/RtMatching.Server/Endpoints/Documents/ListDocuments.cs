using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using RtMatching.Core.Storage;
using RtMatching.Server.Intake;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Documents;

/// <summary><c>GET /v1/documents</c>: by number.</summary>
internal static class ListDocuments
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/documents", HandleAsync)
        .WithName("ListDocuments")
        .WithSummary("The stored CVs and jobs, by number")
        .WithDescription("Filtered by kind, source, external id and tag, all of which must match.")
        .WithTags("documents")
        .Produces<Page<StoredDocument>>()
        .ProducesProblem(400)
        .WithMetadata(new EndpointExample
        {
            Response = new Page<StoredDocument>([DocumentView.ExampleDocument], null),
            Parameters = new Dictionary<string, object>
            {
                ["kind"] = "cv", ["source"] = "files", ["external_id"] = "cvs/ada.pdf", ["tag"] = "berlin", ["after"] = 41, ["limit"] = Paging.Usual,
            },
        });

    private static async Task<Page<StoredDocument>> HandleAsync(
        DocumentStore documents, Caller caller, [Description("Only cv, or only job.")] string? kind, [Description("Only of this source.")] string? source,
        [FromQuery(Name = "external_id"), Description("Only of this external id.")] string? externalId, [Description("Only with this tag.")] string? tag,
        [Description("Go on after this number: next of the page before.")] long? after, [Description("At most so many.")] int? limit,
        CancellationToken cancellation)
    {
        var most = Paging.Limit(limit);
        var found = await documents.ListAsync(new DocumentQuery
        {
            Tenant = caller.Tenant, Kind = SubmissionQuery.KindOf(kind), Source = source, ExternalId = externalId, Tag = tag, After = after ?? 0, Limit = most + 1,
        }, cancellation);
        return Paging.Cut(found, most, document => document.Id);
    }
}
