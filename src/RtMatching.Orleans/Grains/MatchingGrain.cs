using System.Runtime.CompilerServices;
using Npgsql;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using RtMatching.Core.Matching;
using RtMatching.Inference.Batching;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Grains;

/// <inheritdoc cref="IMatchingGrain"/>
/// <remarks>The database's and the engines' time passes on the pool's threads; a turn of the grain only starts it.</remarks>
[Reentrant, RandomPlacement, SiloFilter(SiloNeed.Staying), GrainType("rtmatch.matching"), CollectionAgeLimit(Minutes = 10)]
internal sealed class MatchingGrain : Grain, IMatchingGrain
{
    private readonly JobRankings _rankings;
    private readonly ThisSilo _silo;
    private readonly JobKey _key;
    private Task<JobRanking>? _ranking;
    private StandingRankings? _standing;

    public MatchingGrain(JobRankings rankings, ThisSilo silo, GrainCounts counts, IGrainContext context)
    {
        (_rankings, _silo, _key) = (rankings, silo, JobKey.Parse(context.GrainId.Key.ToString()!));
        counts.Follow("matching", context);
    }

    public async Task<RankReply> RankAsync(RankOrder order, CancellationToken cancellation)
    {
        try
        {
            var request = order.Request.Read<RankingRequest>();
            var ranking = await RankingAsync();
            var ranked = await Task.Run(() => ranking.RankAsync(request, cancellation), cancellation);
            return Reply(ranked);
        }
        catch (Exception e) when (Fault.Of(e) is { } fault)
        {
            return new RankReply { Fault = fault };
        }
        finally
        {
            if (_silo.Leaves && _standing is not { Count: > 0 }) DeactivateOnIdle();        // the next call goes to a silo that stays
        }
    }

    public async Task<TicketReply> RankTicketAsync(TicketOrder order, CancellationToken cancellation)
    {
        var ticket = new LeasedJobTicket(order.BulkRankingId, order.Token, order.Position, _key);
        try
        {
            return new TicketReply { Ended = await Task.Run(() => _rankings.RankTicketAsync(ticket, cancellation), cancellation) == JobTicketEnd.Ended };
        }
        catch (Exception e) when (e is EngineFailedException or NpgsqlException)
        {
            return new TicketReply();       // not the job's fault
        }
        finally
        {
            // A bulk ranking has thousands of jobs, most of which are never asked for again.
            if (_ranking is null) DeactivateOnIdle();
        }
    }

    public async IAsyncEnumerable<RankReply> FollowAsync(RankOrder order, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = order.Request.Read<RankingRequest>();
        var standing = _standing ??= new StandingRankings();
        await using var editions = standing.FollowAsync(await RankingAsync(), request, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            var (reply, ended) = await NextAsync(editions);
            if (ended && reply is null) yield break;
            yield return reply!;
            if (ended) yield break;
        }
    }

    private static async Task<(RankReply? Reply, bool Ended)> NextAsync(IAsyncEnumerator<IReadOnlyList<RankedDocument>> editions)
    {
        try
        {
            return await editions.MoveNextAsync() ? (Reply(editions.Current), false) : (null, true);
        }
        catch (Exception e) when (Fault.Of(e) is { } fault)
        {
            return (new RankReply { Fault = fault }, true);
        }
    }

    private static RankReply Reply(IReadOnlyList<RankedDocument> ranking) => new() { Ranking = Json.Of(ranking) };

    /// <summary>Kept, because it remembers the vectors of the job; where it could not be made, the next call tries again.</summary>
    private Task<JobRanking> RankingAsync()
    {
        if (_ranking is null or { IsFaulted: true } or { IsCanceled: true }) _ranking = _rankings.ForAsync(_key, CancellationToken.None);
        return _ranking;
    }
}
