using System.Text.Json;

namespace RtMatching.Core.Matching;

/// <summary>The rankings that are followed in this process: whoever follows the same job with the same settings shares one.</summary>
/// <remarks>Safe to use from many threads.</remarks>
public sealed class StandingRankings(StandingRankingOptions? options = null)
{
    private readonly Dictionary<(JobKey Job, string Settings), (StandingRanking Ranking, int Followers)> _rankings = [];

    /// <summary>How many are kept fresh.</summary>
    public int Count
    {
        get
        {
            lock (_rankings) return _rankings.Count;
        }
    }

    /// <inheritdoc cref="StandingRanking.FollowAsync"/>
    /// <param name="job">Used where the ranking is not followed yet.</param>
    /// <param name="request">For the job that it ranks for.</param>
    public async IAsyncEnumerable<IReadOnlyList<RankedDocument>> FollowAsync(
        JobRanking job, RankingRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var key = (job.Key, JsonSerializer.Serialize(request with { Text = null }));
        var ranking = Join(key, job, request);
        try
        {
            await foreach (var edition in ranking.FollowAsync(cancellation)) yield return edition;
        }
        finally
        {
            Leave(key);
        }
    }

    private StandingRanking Join((JobKey, string) key, JobRanking job, RankingRequest request)
    {
        lock (_rankings)
        {
            var (ranking, followers) = _rankings.GetValueOrDefault(key);
            ranking ??= new StandingRanking(job, request, options);
            _rankings[key] = (ranking, followers + 1);
            return ranking;
        }
    }

    private void Leave((JobKey, string) key)
    {
        lock (_rankings)
        {
            var (ranking, followers) = _rankings[key];
            if (followers == 1) _rankings.Remove(key);
            else _rankings[key] = (ranking, followers - 1);
        }
    }
}
