using RtMatching.Core.Storage;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Documents;

/// <summary><c>GET /v1/documents/{id}</c>.</summary>
internal static class ShowDocument
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/documents/{id:long}", HandleAsync)
        .WithName("GetDocument")
        .WithSummary("A stored document, without its text")
        .WithDescription("What it is called, which of its versions ranks, and what parsing made of it.")
        .WithTags("documents")
        .Produces<DocumentView>()
        .ProducesProblem(404)
        .WithMetadata(new EndpointExample { Response = DocumentView.Example, Parameters = DocumentView.ExampleId });

    private static Task<DocumentView> HandleAsync(DocumentStore documents, Caller caller, long id, CancellationToken cancellation) =>
        DocumentView.FindAsync(documents, id, caller.Tenant, cancellation);
}
