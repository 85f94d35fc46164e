using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Grains;

/// <inheritdoc cref="IIngestionGrain"/>
[Reentrant, RandomPlacement, SiloFilter(SiloNeed.Staying), GrainType("rtmatch.ingestion")]
internal sealed class IngestionGrain : LoopGrain, IIngestionGrain
{
    private readonly long _id;
    private readonly IngestionDispatch _dispatch;

    public IngestionGrain(
        Database database, SiloWork work, ClusterStations stations, ThisSilo silo, GrainCounts counts, IGrainContext context, ILogger<IngestionGrain> log)
        : base("ingestion", silo, counts, context, log)
    {
        _id = context.GrainId.GetIntegerKey(out _);
        _dispatch = new IngestionDispatch(database, work.Ingestion with { Logger = log }, stations, trouble => Troubles.Tell(log, trouble));
    }

    public Task StartAsync(CancellationToken cancellation)
    {
        _dispatch.Wake();
        return GoOnAsync();
    }

    protected override async Task<bool> RunAsync(CancellationToken stop) => await _dispatch.RunAsync(_id, stop) != DispatchEnd.Stopped;
}
