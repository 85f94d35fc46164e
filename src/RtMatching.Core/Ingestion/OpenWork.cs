using System.Diagnostics;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// What one process of a cluster looks after for all: which ingestions are open, whoever handed them in, leases of workers that went silent,
/// and the house. It holds nothing that the database does not have, so that any process can take it over at any time.
/// </summary>
/// <param name="tell">Told of what goes wrong in the background; the next look tries again.</param>
public sealed class OpenWork(Database database, IngestionOptions options, Action<IngestionTrouble> tell) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly DatabaseRetry _retry = new(database, options.DatabasePatience);
    private Task _house = Task.CompletedTask;
    private long? _kept;

    /// <summary>
    /// One look: reaps expired leases, and once a minute has the house kept in the background. Called every few seconds, one call at a time.
    /// </summary>
    /// <returns>The ids of ingestions that have not ended, the oldest first.</returns>
    public async Task<IReadOnlyList<long>> LookAsync(CancellationToken cancellation = default)
    {
        await new WorkQueue(_retry, options).ReapAsync(cancellation);
        var open = await new OpenIngestions(_retry).IdsAsync(cancellation);
        if (_house.IsCompleted && (_kept is not { } kept || Stopwatch.GetElapsedTime(kept) >= IngestionCourse.BetweenHousekeepings))
        {
            _kept = Stopwatch.GetTimestamp();
            _house = Task.Run(() => KeepHouseAsync(isQuiet: open.Count == 0), CancellationToken.None);
        }

        return open;
    }

    /// <summary>Nobody waits for it: an index of millions of vectors takes minutes.</summary>
    /// <param name="isQuiet">Nothing is open. Otherwise indexes wait: those that end build them, and no bulk load goes through one.</param>
    private async Task KeepHouseAsync(bool isQuiet)
    {
        try
        {
            var course = new IngestionCourse(database, _retry, new IngestionStore(_retry), options);
            await course.KeepHouseAsync(_stop.Token);
            if (isQuiet) await course.BuildActiveAsync(_stop.Token);      // what a process that died at an ingestion's end did not
        }
        catch (Exception e)
        {
            if (!_stop.IsCancellationRequested) tell(IngestionTrouble.Of(null, e, IngestionCourse.BetweenHousekeepings));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _house;
        _stop.Dispose();
    }
}
