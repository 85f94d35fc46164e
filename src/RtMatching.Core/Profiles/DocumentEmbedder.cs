using RtMatching.Inference.Model;

namespace RtMatching.Core.Profiles;

/// <summary>Embeds documents and passages as one profile says: redacted, instructed, split where too long.</summary>
public sealed class DocumentEmbedder(LanguageModel model, TaskProfile profile)
{
    public TaskProfile Profile { get; } = profile;
    public LanguageModel Model { get; } = model;

    /// <summary>One L2-normalised vector per text (already redacted by the caller where the profile says so), in order. (texts, dimension)</summary>
    public IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
