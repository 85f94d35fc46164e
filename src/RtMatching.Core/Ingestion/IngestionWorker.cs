using System.Diagnostics;

namespace RtMatching.Core.Ingestion;

/// <summary>Works on one ingestion in this process, and tells its progress.</summary>
internal sealed class IngestionWorker(StageLoops loops, IngestionStore store, IngestionOptions options)
{
    /// <summary>Until nothing that this worker's stages could do is open, or the ingestion has ended.</summary>
    public async Task RunAsync(OpenIngestion ingestion, IProgress<IngestionProgress>? progress, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new List<Task>
        {
            Guarded(() => loops.KeepLeasesAsync(stop.Token), stop),
            Guarded(() => OfferAsync(ingestion, stop.Token), stop),
            Guarded(() => WatchAsync(ingestion.Id, progress, stop, stop.Token), stop),
        };
        running.AddRange(loops.All(stop.Token, stop.Token).Select(loop => Guarded(loop, stop)));
        await Task.WhenAll(running);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>A loop that fails stops the others; being stopped is no failure.</summary>
    private static async Task Guarded(Func<Task> loop, CancellationTokenSource stop)
    {
        await Task.Yield();
        try
        {
            await loop();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>There is only one, so it is always its turn.</summary>
    private async Task OfferAsync(OpenIngestion ingestion, CancellationToken cancellation)
    {
        while (true)
        {
            loops.Parsing.Offer([ingestion]);
            loops.Embedding.Offer([ingestion]);
            await Task.Delay(options.Poll, cancellation);
        }
    }

    /// <summary>Tells progress, and stops the loops when there is nothing left for them.</summary>
    private async Task WatchAsync(
        long id, IProgress<IngestionProgress>? progress, CancellationTokenSource stop, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        long? openAtStart = null;
        while (true)
        {
            var asked = Stopwatch.StartNew();
            var summary = await store.FindAsync(id, cancellation)
                ?? throw new KeyNotFoundException($"Ingestion {id} was deleted while it ran.");
            openAtStart ??= summary.Counts.Open;
            progress?.Report(Progress(summary.Counts, openAtStart.Value, clock.Elapsed));
            if (HasNothingLeft(summary))
            {
                await stop.CancelAsync();
                return;
            }

            // Counting a million items takes a while: it must not be all that the database does.
            await Task.Delay(asked.Elapsed * 20 > options.Poll ? asked.Elapsed * 20 : options.Poll, cancellation);
        }
    }

    private bool HasNothingLeft(IngestionSummary summary)
    {
        if (summary.State is not (IngestionState.Pending or IngestionState.Running)) return true;
        var left = options.Stages.HasFlag(IngestionStages.Embed) ? summary.Counts.Open : summary.Counts.Queued;
        return summary.Submitted && left == 0;
    }

    private static IngestionProgress Progress(ItemCounts counts, long openAtStart, TimeSpan elapsed)
    {
        var ended = Math.Max(0, openAtStart - counts.Open);
        var perSecond = elapsed > TimeSpan.Zero ? ended / elapsed.TotalSeconds : 0;
        return new IngestionProgress(counts, perSecond, perSecond > 0 ? TimeSpan.FromSeconds(counts.Open / perSecond) : null);
    }
}
