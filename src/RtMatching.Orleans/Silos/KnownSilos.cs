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

    /// <summary>A directory that was just made anew knows few silos: those that were heard of lately stay known here.</summary>
    public void Update(SiloListing listing)
    {
        var listed = listing.Silos.Select(silo => silo.Report.Address).ToHashSet();
        var others = All.Where(silo => !listed.Contains(silo.Report.Address) && silo.Age < Stale && !membership.IsDeadSilo(silo.Report.Address));
        _known = new Known([.. listing.Silos, .. others], time.GetTimestamp());
    }

    /// <summary>Its own report takes effect here at once.</summary>
    public void Update(SiloReport own)
    {
        _known = new Known([.. All.Where(silo => !silo.Report.Address.Equals(own.Address)), new SiloEntry { Report = own }], time.GetTimestamp());
    }

    /// <summary>Null where it never reported, as far as is known here.</summary>
    public SiloReport? Find(SiloAddress silo) => _known.Silos.FirstOrDefault(known => known.Report.Address.Equals(silo))?.Report;

    /// <summary>The living one of that name.</summary>
    public SiloReport? Find(string name) =>
        _known.Silos.FirstOrDefault(known => known.Report.Name == name && !known.Dead && !membership.IsDeadSilo(known.Report.Address))?.Report;

    public bool IsActive(SiloAddress silo) => membership.GetApproximateSiloStatus(silo) == SiloStatus.Active;

    private sealed record Known(SiloEntry[] Silos, long At);
}
