using System.Diagnostics;
using Npgsql;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// Works on one ingestion in this process: parse loops side by side, one embed loop that prepares the next texts while the model runs, and
/// a keeper that renews leases and reaps those of dead workers.
/// </summary>
internal sealed class IngestionWorker(
    WorkQueue queue, IngestionStore store, ParseStage parse, Func<EmbedStage> embed, IngestionOptions options)
{
    /// <summary>Until nothing that this worker's stages could do is open, or the ingestion has ended.</summary>
    public async Task RunAsync(long ingestionId, IProgress<IngestionProgress>? progress, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var loops = new List<Task> { Guarded(KeepLeasesAsync, stop) };
        if (options.Stages.HasFlag(IngestionStages.Parse))
            for (var i = 0; i < options.ParseParallelism; i++) loops.Add(Guarded(token => ParseLoopAsync(ingestionId, token), stop));
        if (options.Stages.HasFlag(IngestionStages.Embed)) loops.Add(Guarded(token => EmbedLoopAsync(ingestionId, token), stop));
        loops.Add(Guarded(token => WatchAsync(ingestionId, progress, stop, token), stop));
        await Task.WhenAll(loops);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>A loop that fails stops the others; being stopped is no failure.</summary>
    private static async Task Guarded(Func<CancellationToken, Task> loop, CancellationTokenSource stop)
    {
        await Task.Yield();
        try
        {
            await loop(stop.Token);
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

    private async Task ParseLoopAsync(long ingestionId, CancellationToken cancellation)
    {
        while (true)
            if (!await parse.StepAsync(ingestionId, cancellation)) await Task.Delay(options.Poll, cancellation);
    }

    private async Task EmbedLoopAsync(long ingestionId, CancellationToken cancellation)
    {
        EmbedStage? stage = null;
        Task<EmbedWork?>? next = null;
        try
        {
            while (true)
            {
                stage ??= await Task.Run(embed, cancellation);          // loads the model
                await using var work = await (next ?? stage.PrepareAsync(ingestionId, cancellation));
                next = null;
                if (work is null)
                {
                    await Task.Delay(options.Poll, cancellation);
                    continue;
                }

                if (!work.IsSuspect) next = Task.Run(() => stage.PrepareAsync(ingestionId, cancellation), CancellationToken.None);
                await stage.RunAsync(work, cancellation);
            }
        }
        finally
        {
            await HandBackAsync(next);
        }
    }

    /// <summary>What was prepared ahead and will not be run.</summary>
    private static async Task HandBackAsync(Task<EmbedWork?>? prepared)
    {
        try
        {
            if (prepared is not null && await prepared is { } work) await work.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // It handed its lease back itself when it failed.
        }
    }

    /// <summary>Often enough that a stalled database or a busy machine does not cost a live worker its leases.</summary>
    private async Task KeepLeasesAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await queue.RenewAsync(cancellation);
            await queue.ReapAsync(cancellation);
            await Task.Delay(options.Lease / 10, cancellation);
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
