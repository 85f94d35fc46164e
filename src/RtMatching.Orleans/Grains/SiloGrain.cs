using Orleans;
using Orleans.Concurrency;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Silos;
using RtMatching.Orleans.Placement;

namespace RtMatching.Orleans.Grains;

/// <inheritdoc cref="ISiloGrain"/>
[StatelessWorker(1), SiloFilter(SiloNeed.Named), GrainType("rtmatch.silo")]
internal sealed class SiloGrain(ThisSilo silo, SiloReporting reporting) : Grain, ISiloGrain
{
    public async Task DrainAsync(bool drain, CancellationToken cancellation)
    {
        silo.Drain(drain);
        await reporting.ReportAsync(cancellation);      // so that the caller's next look at the status shows it
    }
}
