using RtMatching.Core.Ingestion;
using RtMatching.Inference.Model;

namespace RtMatching.Orleans;

/// <summary>What one silo does for the cluster.</summary>
public sealed record SiloWork
{
    /// <summary>Unique in the cluster; commands and grains name the silo by it.</summary>
    public required string Name { get; init; }

    /// <summary>Stages of the queue worked on here; embed only where there is an engine.</summary>
    public IngestionStages Stages { get; init; } = IngestionStages.All;

    /// <summary>cpu, torch cuda:0 bf16, ...; null where this silo has none.</summary>
    public string? Engine { get; init; } = "cpu";

    /// <summary>Gives the model at a path (null: the built-in one) on this silo's device.</summary>
    public Func<string?, LanguageModel> Load { get; init; } = LanguageModel.Load;

    public IngestionOptions Ingestion { get; init; } = new();

    /// <summary>Batches of one ingestion that are embedded here at once: for each device one that runs, and one that is prepared meanwhile.</summary>
    public int EmbedWindow { get; init; } = 2;

    /// <summary>How long a stopping silo finishes what it does before it hands back what it leased.</summary>
    public TimeSpan ShutdownTime { get; init; } = TimeSpan.FromSeconds(20);
}
