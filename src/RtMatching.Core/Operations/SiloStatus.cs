namespace RtMatching.Core.Operations;

/// <summary>A process of a cluster.</summary>
/// <param name="Name">What commands name it by; unique in the cluster.</param>
/// <param name="Address">Where other silos reach it.</param>
/// <param name="State">One of <see cref="SiloState"/>.</param>
/// <param name="Work">Stages of the queue worked on there: parse, embed.</param>
/// <param name="Engine">For those who read: cpu, torch cuda:0,cuda:1 bf16; null where it has none.</param>
/// <param name="Problem">What keeps it from working; null where nothing does.</param>
/// <param name="Batches">Of ingestions, in flight there now.</param>
/// <param name="Grains">Activations by kind, for example ingestion and matching.</param>
/// <param name="SeenSecondsAgo">Since it last reported; null where it never did.</param>
public sealed record SiloStatus(
    string Name, string Address, string State, string Version, DateTimeOffset? StartedAt, IReadOnlyList<string> Work, string? Engine,
    string? Problem, int Batches, IReadOnlyDictionary<string, int> Grains, double? SeenSecondsAgo)
{
    /// <summary>Which of its devices are out while it works on with the others, and why; null where all of them work.</summary>
    public string? Warning { get; init; }
}

/// <summary>Where a silo is in its life.</summary>
public static class SiloState
{
    public const string Joining = "joining";
    public const string Active = "active";

    /// <summary>Finishes what it has and takes no more work, until it is told to work again.</summary>
    public const string Draining = "draining";

    public const string Stopping = "stopping";

    /// <summary>It died, or left in order; remembered for a while.</summary>
    public const string Dead = "dead";
}
