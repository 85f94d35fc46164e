using RtMatching.Core.Storage;

namespace RtMatching.Core.Ingestion;

/// <summary>Ingestions as the database has them: what became of them and of their items, in whichever process they are worked on.</summary>
public sealed class IngestionRecords(Database database, IngestionOptions? options = null)
{
    private readonly IngestionStore _store = new(new DatabaseRetry(database, (options ?? new IngestionOptions()).DatabasePatience));

    /// <summary>Newest first.</summary>
    /// <param name="before">Only ingestions with smaller ids: the last id of the page before.</param>
    public Task<IReadOnlyList<IngestionSummary>> ListAsync(
        string tenant, long before = long.MaxValue, int limit = 100, CancellationToken cancellation = default) =>
        _store.ListAsync(tenant, before, limit, cancellation);

    /// <param name="tenant">Whose it must be; null takes any.</param>
    /// <exception cref="KeyNotFoundException">There is no such ingestion.</exception>
    public async Task<IngestionSummary> FindAsync(long id, string? tenant = null, CancellationToken cancellation = default) =>
        await _store.FindAsync(id, cancellation) is { } found && (tenant is null || found.Tenant == tenant)
            ? found
            : throw new KeyNotFoundException($"There is no ingestion {id}: `ingestions list` shows those there are.");

    /// <inheritdoc cref="FindAsync"/>
    public async Task<IngestionReport> ReportAsync(long id, string? tenant = null, CancellationToken cancellation = default)
    {
        var summary = await FindAsync(id, tenant, cancellation);
        var outcomes = await _store.OutcomesAsync(id, cancellation);
        var perSecond = await _store.PerSecondAsync(id, cancellation);
        var remaining = perSecond > 0 && summary.Counts.Open > 0 ? summary.Counts.Open / perSecond : (double?)null;
        return new IngestionReport(summary, outcomes, perSecond, remaining);
    }

    /// <summary>In order of submission.</summary>
    /// <param name="failedOnly">Only rejected and dead items.</param>
    /// <param name="after">Only items with greater ids: the last id of the page before.</param>
    /// <inheritdoc cref="FindAsync"/>
    public async Task<IReadOnlyList<IngestionItem>> ItemsAsync(long id, string? tenant = null, bool failedOnly = false, long after = 0,
        int limit = int.MaxValue, CancellationToken cancellation = default)
    {
        await FindAsync(id, tenant, cancellation);
        return await _store.ItemsAsync(id, failedOnly, after, limit, cancellation);
    }

    /// <summary>Stops the ingestion and its open items; false where it had ended already.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public async Task<bool> CancelAsync(long id, string? tenant = null, CancellationToken cancellation = default)
    {
        await FindAsync(id, tenant, cancellation);
        return await _store.CancelAsync(id, cancellation);
    }

    /// <summary>
    /// Puts dead, rejected and cancelled items back into the queue, and takes up an ingestion whose submission was cut off; run it then.
    /// Items that were rejected without being stored (unreadable, too large, malformed rows) stay: ingest them again once mended.
    /// </summary>
    /// <returns>How many items are open now.</returns>
    /// <inheritdoc cref="FindAsync"/>
    public async Task<long> RetryAsync(long id, string? tenant = null, CancellationToken cancellation = default)
    {
        await FindAsync(id, tenant, cancellation);
        await _store.RetryAsync(id, cancellation);
        return (await FindAsync(id, tenant, cancellation)).Counts.Open;
    }
}
