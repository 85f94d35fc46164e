using RtMatching.Core.Matching;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Embedding;

namespace RtMatching.Orleans.Grains;

/// <summary>Makes the rankings of this silo's jobs, which share what is remembered of the corpus. Texts are embedded by the cluster's engines.</summary>
internal sealed class JobRankings(Database database, ClusterEmbedding embedding)
{
    private readonly ProfileRankings _rankings = new(database, version => embedding.For(version));
    private readonly BulkRankingWorker _worker = new(database);

    /// <summary>For requests that somebody waits for.</summary>
    /// <exception cref="KeyNotFoundException">There is no such profile version.</exception>
    public async Task<JobRanking> ForAsync(JobKey key, CancellationToken cancellation) =>
        (await _rankings.OfAsync(key.ProfileVersionId, cancellation)).For(key);

    /// <summary>For a bulk ranking: behind whatever somebody waits for.</summary>
    public async Task<JobTicketEnd> RankTicketAsync(LeasedJobTicket ticket, CancellationToken cancellation)
    {
        var ranking = await _rankings.OfAsync(ticket.Job.ProfileVersionId, cancellation);
        var background = ranking.With(embedding.For(ranking.Profile, background: true));
        return await _worker.RankAsync(ticket, background.For(ticket.Job), cancellation);
    }
}
