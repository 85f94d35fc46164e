using RtMatching.Core.Profiles;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Server.Endpoints.Profiles;

/// <summary>A version of a profile as the network sees it: everything but where the model lies on this machine.</summary>
/// <param name="Active">Rankings use it.</param>
/// <param name="Stop">Ends single texts before all passes; null where every text takes them.</param>
/// <param name="Refined">Which side of a ranking takes passes 2 to k.</param>
/// <param name="LaterParts">Of a document split at max_tokens: what a token of each part weighs beside one of the part before.</param>
internal sealed record ProfileView(
    string Name, int Version, bool Active, string Model, string WeightsHash, PoolingKind Pooling, AppendEos AppendEos, bool NoPrompt,
    int Iterations, StopRule? Stop, RefinedSide Refined, MemoryView Memory, string? JobInstruction, string? CvInstruction, int MaxTokens,
    double LaterParts, int Dimension, int Preparation, bool Redact, LayerRange? Layers = null)
{
    public static ProfileView Of(ProfileVersion version)
    {
        var profile = version.Profile;
        return new ProfileView(profile.Name, version.Version, version.Active, profile.ModelName, profile.WeightsHash, profile.Pooling, profile.AppendEos,
            profile.NoPrompt, profile.Iterations, profile.Stop, profile.Refined, MemoryView.Of(profile.Memory ?? MemorySettings.Default),
            profile.JobInstruction, profile.CvInstruction, profile.MaxTokens, profile.LaterParts ?? 1, profile.Dimension, profile.Preparation,
            profile.Redact, profile.Layers);
    }

    public static ProfileView Example { get; } = new(
        "jd2cv", 1, true, "rt-mini", "4be1f2b9a1c0", PoolingKind.Last, AppendEos.Auto, false, 2, null, RefinedSide.Both,
        MemoryView.Of(MemorySettings.Default), null, null, 512, 0.3, 256, 1, true);
}

/// <summary>What goes into the memory token of passes 2 to k.</summary>
/// <param name="Head">"mean", or the query head whose attention weighs the sum.</param>
/// <param name="MapHash">SHA-256 of the learned map, where that is the scale.</param>
internal sealed record MemoryView(string Head, MemoryStates States, MemoryOver Over, MemoryScale Scale, string? MapHash)
{
    public static MemoryView Of(MemorySettings memory) => new(
        new MemoryHead(memory.Head).ToString(), memory.PreNorm ? MemoryStates.PreNorm : MemoryStates.FinalNorm,
        memory.TextOnly ? MemoryOver.Text : MemoryOver.All, memory.Scale, memory.MapHash);
}
