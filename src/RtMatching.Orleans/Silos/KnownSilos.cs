using Orleans.Runtime;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Silos;

/// <summary>What this silo knows of all: the directory's latest listing, and itself as it is now.</summary>
/// <remarks>Safe to use from many threads.</remarks>
public sealed class KnownSilos(ISiloStatusOracle membership, TimeProvider time)
{
    // Several reports in a row were missed: it hangs, or nobody hears it. Membership finds out which.
    internal static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private volatile Known _known = new([], 0);

    /// <summary>Everybody's last report with its age now, the dead of late included; the name's order.</summary>
    public IReadOnlyList<SiloEntry> All
    {
        get
        {
            var known = _known;
            var since = time.GetElapsedTime(known.At);
            return [.. known.Silos.Select(silo => silo with { Age = silo.Age + since }).OrderBy(silo => silo.Report.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Those that may be given work: active by membership, heard of lately, staying.</summary>
    public IEnumerable<SiloReport> Working => All
        .Where(silo => !silo.Dead && silo.Age < Stale && !silo.Report.Leaves && IsActive(silo.Report.Address))
        .Select(silo => silo.Report);

    public void Update(SiloListing listing) => _known = new Known([.. listing.Silos], time.GetTimestamp());

    /// <summary>Its own report takes effect here at once.</summary>
    public void Update(SiloReport own)
    {
        var known = _known;
        var since = time.GetElapsedTime(known.At);
        var others = known.Silos.Where(silo => silo.Report.Address != own.Address).Select(silo => silo with { Age = silo.Age + since });
        _known = new Known([.. others, new SiloEntry { Report = own }], time.GetTimestamp());
    }

    /// <summary>Null where it never reported, as far as is known here.</summary>
    public SiloReport? Find(SiloAddress silo) => _known.Silos.FirstOrDefault(known => known.Report.Address.Equals(silo))?.Report;

    /// <summary>The living one of that name.</summary>
    public SiloReport? Find(string name) =>
        _known.Silos.FirstOrDefault(known => known.Report.Name == name && !known.Dead && !membership.IsDeadSilo(known.Report.Address))?.Report;

    public bool IsActive(SiloAddress silo) => membership.GetApproximateSiloStatus(silo) == SiloStatus.Active;

    private sealed record Known(SiloEntry[] Silos, long At);
}
