using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Matching;

/// <summary>Ranks jobs of bulk rankings by their tickets, each to the line that <see cref="BulkRankingLoop"/> would store.</summary>
/// <remarks>Safe to use from many threads.</remarks>
public sealed class BulkRankingWorker(Database database, BulkRankingOptions? options = null)
{
    private readonly BulkRankingQueue _queue = new(new DatabaseRetry(database, Timeout.InfiniteTimeSpan), options ?? new BulkRankingOptions());

    /// <summary>Ranks the ticket's job and stores its line, both only while the token holds the job. A job that fails is told in its row.</summary>
    /// <param name="ranking">Of the job that the ticket names.</param>
    /// <exception cref="ArgumentException">The ranking is another job's.</exception>
    public async Task<JobTicketEnd> RankAsync(LeasedJobTicket ticket, JobRanking ranking, CancellationToken cancellation = default)
    {
        if (ranking.Key != ticket.Job) throw new ArgumentException($"The ticket is for {ticket.Job}, the ranking for {ranking.Key}.", nameof(ranking));
        if (await _queue.FindAsync(ticket, cancellation) is not { Jobs: [var job] } lease) return JobTicketEnd.Ended;
        try
        {
            await _queue.AttemptAsync(lease, job, () => RankAsync(lease, job, ranking, cancellation), cancellation);
            return JobTicketEnd.Ended;
        }
        catch (EngineFailedException)
        {
            return JobTicketEnd.NotNow;
        }
    }

    private async Task RankAsync(JobLease lease, LeasedJob job, JobRanking ranking, CancellationToken cancellation)
    {
        var keyed = await BulkBatch.KeyedAsync(database, ranking.Profile, [job.Job], lease.Settings, cancellation);
        var candidates = await ranking.RankAsync(job.Job.Request(lease.Settings), cancellation);
        var line = RankingLog.Line(job.Job.Id, keyed[0].Key, ranking.Profile, candidates);
        await _queue.CompleteAsync(lease, [job], [line], cancellation);
    }
}
