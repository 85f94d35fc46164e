using Npgsql;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// The loops that work on items in this process: parse loops side by side, one embed loop that prepares the next texts while the model runs, and
/// a keeper that renews leases and reaps those of dead workers. What they work on is offered to their turns.
/// </summary>
internal sealed class StageLoops(WorkQueue queue, ParseStage parse, EmbedStages embed, IngestionOptions options, TimeProvider? time = null)
{
    public Turns Parsing { get; } = new(time ?? TimeProvider.System);
    public Turns Embedding { get; } = new(time ?? TimeProvider.System);

    /// <summary>
    /// Told of a failure that is not an item's own, and of the pause that follows; the loops go on. Where it is null such a failure ends them.
    /// </summary>
    public Action<OpenIngestion?, Exception, TimeSpan>? Failed { get; init; }

    /// <summary>Each to be run until it throws.</summary>
    /// <param name="stop">Nothing more is leased; what is leased is finished.</param>
    /// <param name="abort">What is leased is handed back.</param>
    public IEnumerable<Func<Task>> All(CancellationToken stop, CancellationToken abort)
    {
        if (options.Stages.HasFlag(IngestionStages.Parse))
            for (var i = 0; i < options.ParseParallelism; i++) yield return () => ParseLoopAsync(stop, abort);
        if (options.Stages.HasFlag(IngestionStages.Embed)) yield return () => EmbedLoopAsync(stop, abort);
    }

    /// <summary>Often enough that a stalled database or a busy machine does not cost a live worker its leases.</summary>
    public async Task KeepLeasesAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await queue.RenewAsync(cancellation);
                await queue.ReapAsync(cancellation);
            }
            catch (Exception e) when (IsBorne(e, cancellation))
            {
                Failed!(null, e, options.Lease / 10);
            }

            await Task.Delay(options.Lease / 10, cancellation);
        }
    }

    private async Task ParseLoopAsync(CancellationToken stop, CancellationToken abort)
    {
        while (true)
        {
            var ingestion = await Parsing.NextAsync(stop);
            try
            {
                if (!await parse.StepAsync(ingestion.Id, abort))
                {
                    Parsing.Exhausted(ingestion.Id);
                    continue;
                }

                Parsing.Served(ingestion.Id);
                if (options.Stages.HasFlag(IngestionStages.Embed)) Embedding.Add(ingestion);
            }
            catch (Exception e) when (IsBorne(e, abort))
            {
                Failed!(ingestion, e, Parsing.Postpone(ingestion.Id));
            }
        }
    }

    private async Task EmbedLoopAsync(CancellationToken stop, CancellationToken abort)
    {
        Task<Prepared?>? next = null;
        try
        {
            while (true)
            {
                if (await (next ?? PrepareAsync(stop, abort)) is not { } prepared)
                {
                    next = null;
                    continue;
                }

                next = null;
                await using var work = prepared.Work;
                if (!work.IsSuspect) next = Task.Run(() => PrepareAsync(stop, abort), CancellationToken.None);
                await EmbedAsync(prepared, abort);
                stop.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await HandBackAsync(next);
        }
    }

    /// <summary>Waits for the next turn; null where the ingestion turned out to have nothing to do, or failed.</summary>
    private async Task<Prepared?> PrepareAsync(CancellationToken stop, CancellationToken abort)
    {
        var ingestion = await Embedding.NextAsync(stop);
        try
        {
            var stage = await embed.OpenAsync(ingestion.ProfileVersionId, stop);
            if (await stage.PrepareAsync(ingestion.Id, abort) is { } work) return new Prepared(ingestion, stage, work);
            Embedding.Exhausted(ingestion.Id);
        }
        catch (Exception e) when (IsBorne(e, stop))
        {
            Failed!(ingestion, e, Embedding.Postpone(ingestion.Id));
        }

        return null;
    }

    private async Task EmbedAsync(Prepared prepared, CancellationToken abort)
    {
        try
        {
            await prepared.Stage.RunAsync(prepared.Work, abort);
            Embedding.Served(prepared.Ingestion.Id);
        }
        catch (Exception e) when (IsBorne(e, abort))
        {
            Failed!(prepared.Ingestion, e, Embedding.Postpone(prepared.Ingestion.Id));
        }
    }

    private bool IsBorne(Exception e, CancellationToken stopping) =>
        Failed is not null && !(e is OperationCanceledException && stopping.IsCancellationRequested);

    /// <summary>What was prepared ahead and will not be run.</summary>
    private static async Task HandBackAsync(Task<Prepared?>? prepared)
    {
        try
        {
            if (prepared is not null && await prepared is { } ready) await ready.Work.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // It handed its lease back itself when it failed.
        }
    }

    private sealed record Prepared(OpenIngestion Ingestion, EmbedStage Stage, EmbedWork Work);
}
