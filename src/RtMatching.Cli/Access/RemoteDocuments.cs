using System.Globalization;
using System.Net;
using System.Text.Json;
using RtMatching.Cli.Output;
using RtMatching.Cli.Remote;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Access;

/// <summary>Documents of a server.</summary>
internal sealed class RemoteDocuments(ServerClient server) : IDocuments
{
    private sealed record View(StoredDocument Document, JsonElement? Text);

    public Task<IReadOnlyList<StoredDocument>> ListAsync(DocumentQuery query, CancellationToken cancellation)
    {
        var text = new QueryText().Add("kind", query.Kind is { } kind ? JsonOutput.Name(kind) : null)
            .Add("source", query.Source).Add("external_id", query.ExternalId).Add("tag", query.Tag);
        return server.PagesAsync<StoredDocument>($"v1/documents{text}", cancellation, query.After, query.Limit);
    }

    public async Task<StoredDocument?> FindAsync(long id, CancellationToken cancellation) =>
        (await server.FindAsync<View>(Path(id), cancellation))?.Document;

    public async Task<ShownDocument> DescribeAsync(StoredDocument document, CancellationToken cancellation)
    {
        var view = await server.GetAsync<View>(Path(document.Id), cancellation);
        return new ShownDocument(view.Document, view.Text);
    }

    public async Task<string?> TextAsync(long id, CancellationToken cancellation)
    {
        using var response = await server.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"{Path(id)}/text"), cancellation,
            HttpCompletionOption.ResponseContentRead, HttpStatusCode.NotFound);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancellation) : null;
    }

    /// <summary>Missing is deleted: by this request, whose first answer was lost.</summary>
    public async Task DeleteAsync(long id, CancellationToken cancellation)
    {
        using var response = await server.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Delete, Path(id)), cancellation, expected: HttpStatusCode.NotFound);
    }

    private static string Path(long id) => string.Create(CultureInfo.InvariantCulture, $"v1/documents/{id}");

    public ValueTask DisposeAsync()
    {
        server.Dispose();
        return ValueTask.CompletedTask;
    }
}
