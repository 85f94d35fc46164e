using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace RtMatching.Orleans.Tests.Silos;

/// <summary>A membership and its metadata as a test says they are.</summary>
internal sealed class MadeUpMembership : ISiloStatusOracle, ISiloMetadataCache
{
    private readonly Dictionary<SiloAddress, (string Name, SiloStatus Status, SiloMetadata Metadata)> _silos = [];

    public SiloStatus CurrentStatus => SiloStatus.Active;
    public string SiloName => "here";
    public SiloAddress SiloAddress { get; } = At(1);

    public static SiloAddress At(int port, int generation = 1) => SiloAddress.New(System.Net.IPAddress.Loopback, port, generation);

    public SiloAddress Add(string name, int port, SiloStatus status = SiloStatus.Active, params (string Key, string Value)[] metadata)
    {
        var told = new SiloMetadata();
        typeof(SiloMetadata).GetProperty(nameof(SiloMetadata.Metadata))!
            .SetValue(told, told.Metadata.AddRange(metadata.Select(pair => KeyValuePair.Create(pair.Key, pair.Value))));
        _silos[At(port)] = (name, status, told);
        return At(port);
    }

    public void Become(SiloAddress silo, SiloStatus status) => _silos[silo] = _silos[silo] with { Status = status };

    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) => _silos.TryGetValue(siloAddress, out var silo) ? silo.Metadata : SiloMetadata.Empty;

    public SiloAddress[] GetActiveSilos() => [.. _silos.Where(silo => silo.Value.Status == SiloStatus.Active).Select(silo => silo.Key)];

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) =>
        _silos.TryGetValue(siloAddress, out var silo) ? silo.Status : SiloStatus.None;

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) =>
        _silos.ToDictionary(silo => silo.Key, silo => silo.Value.Status);

    public bool TryGetSiloName(SiloAddress siloAddress, out string siloName)
    {
        siloName = _silos.TryGetValue(siloAddress, out var silo) ? silo.Name : "";
        return siloName.Length > 0;
    }

    public bool IsFunctionalDirectory(SiloAddress siloAddress) => true;
    public bool IsDeadSilo(SiloAddress silo) => GetApproximateSiloStatus(silo) == SiloStatus.Dead;
    public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) => true;
    public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => true;
}
