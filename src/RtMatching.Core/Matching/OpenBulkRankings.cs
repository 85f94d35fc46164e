using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>What an overseer of bulk rankings asks: which of them wait for somebody, and which nobody comes for any more.</summary>
public sealed class OpenBulkRankings(Database database, BulkRankingOptions? options = null)
{
    private readonly BulkRankingQueue _queue = new(new DatabaseRetry(database, TimeSpan.Zero), options ?? new BulkRankingOptions());

    /// <summary>
    /// Of all tenants, those with a job that waits or was left by a worker that died, and those that are only to be ended; the oldest first.
    /// </summary>
    public Task<IReadOnlyList<long>> FindAsync(CancellationToken cancellation = default) => _queue.OpenAsync(cancellation);

    /// <summary>Deletes what ended so long ago that nobody comes for its result any more.</summary>
    public Task ExpireAsync(CancellationToken cancellation = default) => _queue.ExpireAsync(cancellation);
}
