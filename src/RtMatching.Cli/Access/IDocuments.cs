using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Cli.Access;

/// <summary>A document as <c>documents show</c> prints it.</summary>
/// <param name="Text">What parsing made of it, without the text itself; null where it is not parsed yet.</param>
internal sealed record ShownDocument(StoredDocument Document, object? Text);

/// <summary>Stored documents as commands see them: in the database, or at a server that has one.</summary>
internal interface IDocuments : IAsyncDisposable
{
    Task<IReadOnlyList<StoredDocument>> ListAsync(DocumentQuery query, CancellationToken cancellation);

    /// <summary>Null where there is none of this number.</summary>
    Task<StoredDocument?> FindAsync(long id, CancellationToken cancellation);

    Task<ShownDocument> DescribeAsync(StoredDocument document, CancellationToken cancellation);

    /// <summary>Null where it is not parsed yet.</summary>
    Task<string?> TextAsync(long id, CancellationToken cancellation);

    Task DeleteAsync(long id, CancellationToken cancellation);
}
