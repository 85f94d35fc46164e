using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Profiles;

/// <summary>New settings for a profile; what is null stays as it is, or is the model's default.</summary>
public sealed record ProfileChange
{
    public PoolingKind? Pooling { get; init; }
    public int? Iterations { get; init; }

    /// <summary><see cref="NeverStops"/> for none.</summary>
    public StopRule? Stop { get; init; }
    public RefinedSide? Refined { get; init; }
    public MemoryChange? Memory { get; init; }
    public int? MaxTokens { get; init; }

    /// <summary>From 0 to 1.</summary>
    public double? LaterParts { get; init; }
    public int? Dimension { get; init; }

    /// <summary>Empty for none.</summary>
    public string? JobInstruction { get; init; }

    /// <summary>Empty for none.</summary>
    public string? CvInstruction { get; init; }
    public AppendEos? AppendEos { get; init; }
    public bool? NoPrompt { get; init; }

    /// <summary><see cref="LayerRange.All"/> takes a range back.</summary>
    public LayerRange? Layers { get; init; }
    public bool? Redact { get; init; }

    /// <summary>
    /// <paramref name="current"/> with these settings; where there is none, or it was made with other weights, the model's defaults with them.
    /// </summary>
    /// <param name="model">Embeds one text of each kind with the result: settings that it cannot honour fail here, not in an ingestion.</param>
    /// <param name="modelPath">Where it was loaded from; null for the built-in model.</param>
    /// <exception cref="ArgumentException">Settings that the model cannot honour; the message names the remedy.</exception>
    /// <exception cref="InvalidMemoryMapException">The learned memory map is asked for, and there is none that can be used.</exception>
    public TaskProfile Apply(string name, TaskProfile? current, LanguageModel model, string? modelPath, CancellationToken cancellation = default)
    {
        // Stored in full: the next run may start in another folder.
        var path = modelPath is null ? null : Path.GetFullPath(modelPath);
        var profile = With(current?.WeightsHash == model.WeightsHash ? current with { ModelPath = path } : DefaultProfiles.Create(model, path, name));
        profile = WithMemory(profile, model);
        var embedder = new DocumentEmbedder(model, profile);
        foreach (var kind in Enum.GetValues<DocumentKind>()) embedder.Embed(["one text"], kind, cancellation);     // the sides differ
        return profile;
    }

    private TaskProfile WithMemory(TaskProfile profile, LanguageModel model)
    {
        var memory = (Memory ?? new MemoryChange()).Apply(profile.Memory ?? MemorySettings.Default);
        if (profile.Iterations > 1) memory = memory.Pinned(model);
        return profile with { Memory = memory == MemorySettings.Default ? null : memory };
    }

    private TaskProfile With(TaskProfile profile) => profile with
    {
        Pooling = Pooling ?? profile.Pooling,
        Iterations = Iterations ?? (EndsPasses ? 1 : profile.Iterations),
        Stop = Stop switch { null => EndsPasses ? null : profile.Stop, NeverStops => null, _ => Stop },
        Refined = Refined ?? profile.Refined,
        MaxTokens = MaxTokens ?? profile.MaxTokens,
        LaterParts = Share(LaterParts) ?? profile.LaterParts,
        Dimension = Dimension ?? profile.Dimension,
        JobInstruction = Instruction(JobInstruction, profile.JobInstruction),
        CvInstruction = Instruction(CvInstruction, profile.CvInstruction),
        AppendEos = AppendEos ?? profile.AppendEos,
        NoPrompt = NoPrompt ?? profile.NoPrompt,
        Layers = Layers == LayerRange.All ? null : Layers ?? profile.Layers,
        Redact = Redact ?? profile.Redact,
    };

    /// <summary>A pooling that takes no passes brings k = 1 with it; passes that are named beside it are refused.</summary>
    private bool EndsPasses => Pooling is { } pooling && !new EmbeddingOptions { Pooling = pooling }.TakesPasses;

    private static double? Share(double? given) => given is null or >= 0 and <= 1
        ? given
        : throw new ArgumentException($"Later parts weigh {given}; it must be from 0, the first part alone, to 1, all alike.");

    private static string? Instruction(string? given, string? current) => given switch { null => current, "" => null, _ => given };
}
