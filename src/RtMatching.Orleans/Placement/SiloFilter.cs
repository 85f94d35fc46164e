using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;

namespace RtMatching.Orleans.Placement;

/// <summary>Which silos a grain may be on.</summary>
public enum SiloNeed
{
    /// <summary>Any that stays; one that drains or stops only where there is no other.</summary>
    Staying,

    /// <summary>The one that the grain's key names.</summary>
    Named,

    /// <summary>The one that the key names, provided that it parses.</summary>
    NamedParser,

    /// <summary>The one that the key names, provided that it has an engine.</summary>
    NamedEngine,
}

/// <summary>Puts a grain only where its work can be done.</summary>
/// <remarks>
/// Orleans's own filter on metadata compares with the silo that calls, which has nothing to do with where an engine is.
/// </remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SiloFilterAttribute(SiloNeed need) : PlacementFilterAttribute(new SiloFilter(need));

/// <summary>What of <see cref="SiloFilterAttribute"/> travels with a grain type's properties.</summary>
public sealed class SiloFilter(SiloNeed need) : PlacementFilterStrategy(order: 0)
{
    private const string NeedProperty = "need";

    public SiloFilter() : this(default)
    {
    }

    public SiloNeed Need { get; private set; } = need;

    /// <exception cref="ArgumentException">A silo of another version has a need that this one does not know.</exception>
    public override void AdditionalInitialize(GrainProperties properties) =>
        Need = Enum.Parse<SiloNeed>(GetPlacementFilterGrainProperty(NeedProperty, properties) ?? "");

    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) =>
        [KeyValuePair.Create(NeedProperty, Need.ToString())];
}
