using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Silos;
using RtMatching.Orleans.Placement;

namespace RtMatching.Orleans.Grains;

/// <inheritdoc cref="ISiloDirectoryGrain"/>
[RandomPlacement, SiloFilter(SiloNeed.Staying), GrainType("rtmatch.silos")]
internal sealed class SiloDirectoryGrain : Grain, ISiloDirectoryGrain
{
    private readonly SiloDirectory _directory;
    private readonly ThisSilo _silo;
    private readonly KnownSilos _known;
    private readonly TimeProvider _time;
    private long? _wokeOverseer;

    public SiloDirectoryGrain(
        ISiloStatusOracle membership, ThisSilo silo, KnownSilos known, TimeProvider time, GrainCounts counts, IGrainContext context)
    {
        (_directory, _silo, _known, _time) = (new SiloDirectory(membership.IsDeadSilo, time), silo, known, time);
        counts.Follow("directory", context);
    }

    public Task<SiloListing> ReportAsync(SiloReport report, CancellationToken cancellation)
    {
        _directory.Note(report);
        WakeOverseer();
        if (_silo.Leaves && _known.Working.Any()) DeactivateOnIdle();       // the next report makes it anew on a silo that stays
        return Task.FromResult(_directory.List());
    }

    /// <summary>As long as one silo reports, open work has somebody who looks after it.</summary>
    private void WakeOverseer()
    {
        if (_wokeOverseer is { } at && _time.GetElapsedTime(at) < SiloReporting.Pace) return;
        _wokeOverseer = _time.GetTimestamp();
        GrainFactory.GetGrain<IOverseerGrain>(0).WakeAsync(CancellationToken.None).Ignore();
    }
}
