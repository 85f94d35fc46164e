using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using RtMatching.Core.Matching;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Grains;

/// <inheritdoc cref="IBulkRankingGrain"/>
[Reentrant, RandomPlacement, SiloFilter(SiloNeed.Staying), GrainType("rtmatch.bulkranking")]
internal sealed class BulkRankingGrain : LoopGrain, IBulkRankingGrain
{
    private readonly BulkRankingDispatch _dispatch;
    private readonly TimeSpan _shutdownTime;

    public BulkRankingGrain(
        Database database, SiloWork work, ClusterJobRankers rankers, ThisSilo silo, GrainCounts counts, IGrainContext context, ILogger<BulkRankingGrain> log)
        : base("bulk ranking", silo, counts, context, log)
    {
        var id = context.GrainId.GetIntegerKey(out _);
        _shutdownTime = work.ShutdownTime;
        _dispatch = new BulkRankingDispatch(database, id, rankers,
            tell: e => log.LogWarning("Bulk ranking {BulkRankingId}: {Error}; tried again.", id, e.GetType().Name));
    }

    public Task StartAsync(CancellationToken cancellation) => GoOnAsync();

    protected override async Task<bool> RunAsync(CancellationToken stop)
    {
        using var abort = new CancellationTokenSource();
        await using var _ = stop.Register(() => abort.CancelAfter(_shutdownTime));
        return await _dispatch.RunAsync(stop, abort.Token);
    }
}
