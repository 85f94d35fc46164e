using Microsoft.AspNetCore.Http.HttpResults;
using RtMatching.Core.Storage;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Documents;

/// <summary><c>DELETE /v1/documents/{id}</c>.</summary>
internal static class DeleteDocument
{
    public static void Map(IEndpointRouteBuilder api) => api.MapDelete("/documents/{id:long}", HandleAsync)
        .WithName("DeleteDocument")
        .WithSummary("Deletes a document")
        .WithDescription("With all its versions: bytes, texts, vectors and the queue's traces of it, as far as no other document has the same content.")
        .WithTags("documents")
        .Produces(StatusCodes.Status204NoContent)
        .ProducesProblem(404)
        .WithMetadata(new EndpointExample { Parameters = DocumentView.ExampleId });

    private static async Task<NoContent> HandleAsync(DocumentStore documents, Caller caller, long id, CancellationToken cancellation) =>
        await documents.DeleteAsync(id, caller.Tenant, cancellation) ? TypedResults.NoContent() : throw DocumentView.Missing(id);
}
