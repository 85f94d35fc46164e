using RtMatching.Core.Profiles;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Server.Endpoints.Profiles;

/// <summary>A version of a profile as the network sees it: everything but where the model lies on this machine.</summary>
/// <param name="Active">Rankings use it.</param>
/// <param name="Stop">Ends single texts before all passes; null where every text takes them.</param>
internal sealed record ProfileView(
    string Name, int Version, bool Active, string Model, string WeightsHash, PoolingKind Pooling, AppendEos AppendEos, bool NoPrompt,
    int Iterations, StopRule? Stop, string? JobInstruction, string? CvInstruction, int MaxTokens, int Dimension, int Preparation, bool Redact,
    LayerRange? Layers = null)
{
    public static ProfileView Of(ProfileVersion version)
    {
        var profile = version.Profile;
        return new ProfileView(profile.Name, version.Version, version.Active, profile.ModelName, profile.WeightsHash, profile.Pooling, profile.AppendEos,
            profile.NoPrompt, profile.Iterations, profile.Stop, profile.JobInstruction, profile.CvInstruction, profile.MaxTokens, profile.Dimension,
            profile.Preparation, profile.Redact, profile.Layers);
    }

    public static ProfileView Example { get; } = new(
        "jd2cv", 1, true, "rt-mini", "4be1f2b9a1c0", PoolingKind.Last, AppendEos.Auto, false, 2, null, null, null, 512, 256, 1, true);
}
