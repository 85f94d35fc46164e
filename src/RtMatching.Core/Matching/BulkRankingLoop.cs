using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>
/// Works on every open bulk ranking, of all tenants and profiles, until it is stopped. Several processes on one database share the work,
/// and what a process that dies had leased is ranked again by another.
/// </summary>
public sealed class BulkRankingLoop
{
    private readonly Database _database;
    private readonly Func<ProfileVersion, EmbedTexts> _embed;
    private readonly ProfileRankings _rankings;
    private readonly BulkRankingOptions _options;
    private readonly Action<Exception> _tell;
    private readonly BulkRankingQueue _queue;
    private readonly Dictionary<long, BulkBatch> _batches = [];
    private readonly WakeSignal _awake = new();

    /// <param name="embed">With the model and settings of a profile version.</param>
    /// <param name="tell">Told of what keeps the loop itself from working; it goes on.</param>
    public BulkRankingLoop(Database database, Func<ProfileVersion, EmbedTexts> embed, BulkRankingOptions? options = null, Action<Exception>? tell = null)
    {
        (_database, _embed, _options, _tell) = (database, embed, options ?? new BulkRankingOptions(), tell ?? (_ => { }));
        _rankings = new ProfileRankings(database, embed);
        _queue = new BulkRankingQueue(new DatabaseRetry(database, Timeout.InfiniteTimeSpan), _options);
    }

    /// <summary>There may be new work: look at once instead of at the next poll.</summary>
    public void Wake() => _awake.Set();

    /// <summary>Runs until <paramref name="stop"/>: then nothing more is leased, and the batch that is being ranked is finished.</summary>
    /// <param name="abort">That batch is handed back at once.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort = default)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await RoundAsync(stop, abort)) continue;
                await _queue.ExpireAsync(stop);
                await _awake.WaitAsync(_options.Poll, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested || abort.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _tell(e);
                await Task.Delay(_options.Poll, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One batch of each open bulk ranking in turn, so that a short one need not wait for a long one's end.</summary>
    /// <returns>False where nothing was to do.</returns>
    private async Task<bool> RoundAsync(CancellationToken stop, CancellationToken abort)
    {
        var worked = false;
        foreach (var id in await _queue.OpenAsync(stop))
        {
            if (await _queue.ClaimAsync(id, BulkBatch.Size, stop) is { } lease)
            {
                worked = true;
                await _queue.HoldAsync(lease, token => RankAsync(lease, token), abort);
            }

            await _queue.FinishAsync(id, abort);
            stop.ThrowIfCancellationRequested();
        }

        return worked;
    }

    private async Task RankAsync(JobLease lease, CancellationToken cancellation)
    {
        if (lease.Jobs is [var only])
        {
            await RankAloneAsync(lease, only, cancellation);
            return;
        }

        try
        {
            await RankAsync(lease, lease.Jobs, cancellation);
        }
        catch (Exception e) when (BulkRankingQueue.IsOfJobs(e, cancellation))
        {
            // One job's failure is not the others': each is tried by itself.
            foreach (var job in lease.Jobs) await RankAloneAsync(lease, job, cancellation);
        }
    }

    private Task RankAloneAsync(JobLease lease, LeasedJob job, CancellationToken cancellation) =>
        _queue.AttemptAsync(lease, job, () => RankAsync(lease, [job], cancellation), cancellation);

    private async Task RankAsync(JobLease lease, IReadOnlyList<LeasedJob> jobs, CancellationToken cancellation)
    {
        var batch = await BatchAsync(lease.ProfileVersionId, cancellation);
        var keyed = await batch.KeyedAsync([.. jobs.Select(job => job.Job)], lease.Settings, cancellation);
        await _queue.CompleteAsync(lease, jobs, await batch.RankAsync(keyed, lease.Settings, cancellation), cancellation);
    }

    /// <summary>Kept for each profile version: a ranking remembers term statistics.</summary>
    private async Task<BulkBatch> BatchAsync(long version, CancellationToken cancellation)
    {
        if (_batches.TryGetValue(version, out var known)) return known;
        var ranking = await _rankings.OfAsync(version, cancellation);
        return _batches[version] = new BulkBatch(_database, ranking, _embed(ranking.Profile));
    }
}
