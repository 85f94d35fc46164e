using RtMatching.Core.Storage;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Documents;

/// <summary><c>GET /v1/documents/{id}/text</c>.</summary>
internal static class DocumentText
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/documents/{id:long}/text", HandleAsync)
        .WithName("GetDocumentText")
        .WithSummary("A document's text, as parsed")
        .WithDescription("Of the version that ranks, or of the newest where none does. Explanations quote it by offset.")
        .WithTags("documents")
        .Produces<string>(contentType: "text/plain")
        .ProducesProblem(404)
        .WithMetadata(new EndpointExample { Response = "Experience\n- Baked bread and pastry daily\n", Parameters = DocumentView.ExampleId });

    private static async Task<IResult> HandleAsync(DocumentStore documents, Caller caller, long id, CancellationToken cancellation)
    {
        if (await documents.TextAsync(id, caller.Tenant, cancellation) is { } text) return TypedResults.Text(text.Body);
        throw await documents.FindAsync(id, caller.Tenant, cancellation) is null
            ? DocumentView.Missing(id)
            : ProblemException.NotFound($"Document {id} is not parsed yet: see how its ingestion stands, and ask again.");
    }
}
