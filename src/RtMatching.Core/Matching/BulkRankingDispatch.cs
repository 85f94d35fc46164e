using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

/// <summary>
/// Brings one bulk ranking to its end by many workers: leases its jobs in chunks and hands them out one by one, a bounded number at a time.
/// All that counts stands in the jobs' rows: where a dispatch dies, the next one goes on, and two at once share the work.
/// </summary>
public sealed class BulkRankingDispatch
{
    // In flight: the next one is leased when so much of the room is free, and not for each job that ends.
    private const int Chunks = 4;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly long _id;
    private readonly IJobRankers _rankers;
    private readonly BulkRankingOptions _options;
    private readonly Action<Exception> _tell;
    private readonly BulkRankingQueue _queue;
    private readonly WakeSignal _awake = new();
    private readonly List<Task> _chunks = [];
    private readonly SemaphoreSlim _room;
    private readonly int _chunk;

    /// <param name="id">The bulk ranking's.</param>
    /// <param name="tell">Told of what keeps the dispatch itself from working; it goes on.</param>
    public BulkRankingDispatch(Database database, long id, IJobRankers rankers, BulkRankingOptions? options = null, Action<Exception>? tell = null)
    {
        (_id, _rankers, _options, _tell) = (id, rankers, options ?? new BulkRankingOptions(), tell ?? (_ => { }));
        _queue = new BulkRankingQueue(new DatabaseRetry(database, Timeout.InfiniteTimeSpan), _options);
        (_room, _chunk) = (new SemaphoreSlim(_options.InFlight), Math.Clamp(_options.InFlight / Chunks, 1, BulkBatch.Size));
    }

    /// <summary>Runs until the bulk ranking has ended, or until <paramref name="stop"/>: then nothing more is leased, and what is being ranked is finished.</summary>
    /// <param name="abort">What is being ranked is handed back at once.</param>
    /// <returns>False where it was stopped before the end.</returns>
    public async Task<bool> RunAsync(CancellationToken stop, CancellationToken abort = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
        try
        {
            return await DispatchAsync(either.Token, abort);
        }
        finally
        {
            await Task.WhenAll(_chunks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> DispatchAsync(CancellationToken stop, CancellationToken abort)
    {
        while (true)
        {
            try
            {
                if (await ClaimAsync(stop) is { } lease)
                {
                    Begin(lease, abort);
                    continue;
                }

                if (await HasEndedAsync(stop)) return true;
                await _awake.WaitAsync(_options.Poll, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception e)
            {
                _tell(e);
                await Task.Delay(_options.Poll, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Waits for room, then leases jobs to fill it; null where none waits.</summary>
    private async Task<JobLease?> ClaimAsync(CancellationToken stop)
    {
        for (var room = 0; room < _chunk; room++) await _room.WaitAsync(stop);
        var claimed = 0;
        try
        {
            var lease = await _queue.ClaimAsync(_id, _chunk, stop);
            claimed = lease?.Jobs.Count ?? 0;
            return lease;
        }
        finally
        {
            if (claimed < _chunk) _room.Release(_chunk - claimed);
        }
    }

    private async Task<bool> HasEndedAsync(CancellationToken stop) =>
        await _queue.FinishAsync(_id, stop) || !await _queue.IsOpenAsync(_id, stop);

    private void Begin(JobLease lease, CancellationToken abort)
    {
        _chunks.RemoveAll(chunk => chunk.IsCompleted);
        _chunks.Add(Task.Run(() => HoldAsync(lease, abort), CancellationToken.None));
    }

    private async Task HoldAsync(JobLease lease, CancellationToken abort)
    {
        try
        {
            await _queue.HoldAsync(lease, token => Task.WhenAll(lease.Jobs.Select(job => RankAsync(lease, job, token))), abort);
        }
        catch (Exception e) when (!(e is OperationCanceledException && abort.IsCancellationRequested))
        {
            _tell(e);       // what is still leased is claimed again when the lease has run out
        }

        _awake.Set();
    }

    private async Task RankAsync(JobLease lease, LeasedJob job, CancellationToken cancellation)
    {
        try
        {
            await OfferAsync(lease, job, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Handed back with its lease.
        }
        catch (Exception e)
        {
            // Whoever has it may still be at it: with the token taken away, a late line of theirs is not stored.
            var problem = e is JobRankerLostException ? BulkRankingQueue.Silent : DatabaseRetry.Reason("Ranking", e);
            await _queue.FailAsync(lease, job, problem, final: false, cancellation);
        }
        finally
        {
            _room.Release();
        }
    }

    /// <summary>Until a worker takes it, however long there is none: engines may be gone for hours, and nothing is lost.</summary>
    private async Task OfferAsync(JobLease lease, LeasedJob job, CancellationToken cancellation)
    {
        var ticket = new LeasedJobTicket(_id, lease.Token, job.Position, JobKey.Of(lease.ProfileVersionId, DocumentKind.Cv, job.Job.Request(lease.Settings)));
        for (var pause = FirstPause; await _rankers.RankAsync(ticket, cancellation) == JobTicketEnd.NotNow; pause = pause * 2 < _options.Poll ? pause * 2 : _options.Poll)
            await Task.Delay(pause, cancellation);
    }
}
