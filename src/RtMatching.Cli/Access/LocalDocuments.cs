using System.Text.Json;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Access;

/// <summary>Documents of the database.</summary>
internal sealed class LocalDocuments(Database database) : IDocuments
{
    private readonly DocumentStore _store = new(database);

    public Task<IReadOnlyList<StoredDocument>> ListAsync(DocumentQuery query, CancellationToken cancellation) => _store.ListAsync(query, cancellation);

    public Task<StoredDocument?> FindAsync(long id, CancellationToken cancellation) => _store.FindAsync(id, cancellation: cancellation);

    public async Task<ShownDocument> DescribeAsync(StoredDocument document, CancellationToken cancellation) =>
        new(document, await _store.TextAsync(document.Id, cancellation: cancellation) is { } text ? Summary(text) : null);

    private static object Summary(StoredText text) => new
    {
        text.Outcome, text.Format, text.Detail, text.Language, Characters = text.Body.Length, Bytes = text.ByteLength,
        Sections = JsonDocument.Parse(text.Sections).RootElement,
    };

    public async Task<string?> TextAsync(long id, CancellationToken cancellation) => (await _store.TextAsync(id, cancellation: cancellation))?.Body;

    public Task DeleteAsync(long id, CancellationToken cancellation) => _store.DeleteAsync(id, cancellation: cancellation);

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
