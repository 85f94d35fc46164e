using RtMatching.Core.Ingestion;

namespace RtMatching.Cli.Access;

/// <summary>Ingestions as commands see them: in the database, or at a server that has one.</summary>
internal interface IIngestions : IAsyncDisposable
{
    /// <summary>Hands in and waits until everything has ended, with progress on stderr.</summary>
    Task<IngestionSummary> IngestAsync(IngestionRequest request, CancellationToken cancellation);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<IngestionSummary>> ListAsync(CancellationToken cancellation);

    Task<IngestionDetail> ShowAsync(long id, bool failedOnly, CancellationToken cancellation);

    /// <summary>False where it had ended already.</summary>
    Task<bool> CancelAsync(long id, CancellationToken cancellation);

    /// <summary>Puts back what did not succeed, and waits until everything has ended, with progress on stderr.</summary>
    Task<IngestionSummary> RetryAsync(long id, CancellationToken cancellation);

    /// <summary>The command that shows what became of the items.</summary>
    string HowToLook(long id);
}
