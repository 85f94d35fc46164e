using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Placement;

/// <summary>Which of the silos that Orleans offers fit, by what they are able to do and what is known of them now.</summary>
internal sealed class SiloFilterDirector(ISiloStatusOracle membership, ISiloMetadataCache metadata, KnownSilos known) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var need = ((SiloFilter)filterStrategy).Need;
        if (need == SiloNeed.Staying) return Staying([.. silos]);

        // A silo that drains still answers for what it has begun; whether it begins more, it says itself.
        var name = target.GrainIdentity.Key.ToString();
        return silos.Where(silo => membership.TryGetSiloName(silo, out var its) && its == name && Fits(need, silo));
    }

    private List<SiloAddress> Staying(List<SiloAddress> silos)
    {
        var staying = silos.Where(silo => known.Find(silo) is not { Leaves: true }).ToList();
        return staying.Count > 0 ? staying : silos;
    }

    private bool Fits(SiloNeed need, SiloAddress silo)
    {
        if (need == SiloNeed.Named) return true;
        var (told, report) = (metadata.GetSiloMetadata(silo), known.Find(silo));

        // Metadata is fetched from each silo after it has joined; where that lags, the silo's own report says the same.
        if (told.Metadata.IsEmpty)
            return need == SiloNeed.NamedEngine ? report?.Engine is not null : report?.Stages.Any(stage => stage.Stage == SiloAbilities.Parse) == true;
        return need == SiloNeed.NamedEngine ? SiloAbilities.HasEngine(told) : SiloAbilities.Parses(told);
    }
}
