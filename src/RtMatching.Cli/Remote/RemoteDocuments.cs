using System.Globalization;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Remote;

/// <summary>A server's stored documents, named as on the command line: by number, or by an external id that only one has.</summary>
internal sealed class RemoteDocuments(ServerClient server)
{
    private sealed record Page(IReadOnlyList<StoredDocument> Items);

    /// <exception cref="CommandException">There is none, or there are several.</exception>
    public async Task<StoredDocument> FindAsync(string id, DocumentKind kind, CancellationToken cancellation)
    {
        if (long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await ListAsync($"kind={kind.Name()}&after={number - 1}&limit=1", cancellation) is [var document] && document.Id == number) return document;
        return await ListAsync($"kind={kind.Name()}&external_id={Uri.EscapeDataString(id)}&limit=2", cancellation) switch
        {
            [var only] => only,
            [] => throw new CommandException($"there is no {kind.Name()} '{id}' on the server; 'rtmatch documents list' shows them"),
            _ => throw new CommandException($"several documents have the external id '{id}'; name one by its number from 'rtmatch documents list'"),
        };
    }

    public async Task<string> TextAsync(long id, CancellationToken cancellation)
    {
        using var response = await server.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"v1/documents/{id}/text")), cancellation);
        return await response.Content.ReadAsStringAsync(cancellation);
    }

    private async Task<IReadOnlyList<StoredDocument>> ListAsync(string query, CancellationToken cancellation) =>
        (await server.GetAsync<Page>($"v1/documents?{query}", cancellation)).Items;
}
