using Orleans.Runtime;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Silos;

/// <summary>The latest report of every silo. The dead are kept for a while, so that an operator sees who died.</summary>
/// <param name="isDead">By membership.</param>
internal sealed class SiloDirectory(Func<SiloAddress, bool> isDead, TimeProvider time)
{
    internal static readonly TimeSpan KeepDead = TimeSpan.FromMinutes(5);

    private readonly Dictionary<SiloAddress, Known> _silos = [];

    public void Note(SiloReport report)
    {
        // A silo that was restarted under its name: what it was before is of no interest any more, once it is gone.
        foreach (var before in _silos.Values.Where(known => known.Report.Name == report.Name && isDead(known.Report.Address)).ToList())
            _silos.Remove(before.Report.Address);
        _silos[report.Address] = new Known(report, time.GetTimestamp());
    }

    public SiloListing List()
    {
        foreach (var (address, known) in _silos.ToList())
        {
            if (isDead(address)) known.DiedAt ??= time.GetTimestamp();

            // One that stopped and was never declared dead here is forgotten as the dead are.
            if (time.GetElapsedTime(known.DiedAt ?? known.At) > KeepDead) _silos.Remove(address);
        }

        return new SiloListing
        {
            Silos = [.. _silos.Values.Select(known => new SiloEntry
            {
                Report = known.Report, Age = time.GetElapsedTime(known.At), Dead = known.DiedAt is not null,
            })],
        };
    }

    private sealed record Known(SiloReport Report, long At)
    {
        public long? DiedAt { get; set; }
    }
}
