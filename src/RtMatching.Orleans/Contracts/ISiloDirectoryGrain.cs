using Orleans;
using Orleans.Concurrency;
using Version = Orleans.CodeGeneration.VersionAttribute;

namespace RtMatching.Orleans.Contracts;

/// <summary>One in the cluster, at key 0: what every silo says of itself. In memory, because two seconds later everybody has said it again.</summary>
[Alias("rtmatch.ISiloDirectoryGrain"), Version(1)]
public interface ISiloDirectoryGrain : IGrainWithIntegerKey
{
    /// <returns>Everybody's latest.</returns>
    [Alias("Report")]
    Task<SiloListing> ReportAsync(SiloReport report, CancellationToken cancellation);
}

/// <summary>A silo itself, at its name.</summary>
[Alias("rtmatch.ISiloGrain"), Version(1)]
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>Takes no more work of the queue and no more grains, or works again. Returns at once.</summary>
    [Alias("Drain")]
    Task DrainAsync(bool drain, CancellationToken cancellation);
}

/// <summary>One in the cluster, at key 0: finds open work that nobody coordinates, and has it coordinated.</summary>
[Alias("rtmatch.IOverseerGrain"), Version(1)]
public interface IOverseerGrain : IGrainWithIntegerKey
{
    /// <summary>Runs from now on, if it did not.</summary>
    [Alias("Wake"), OneWay]
    Task WakeAsync(CancellationToken cancellation);
}
