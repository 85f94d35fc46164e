using System.Collections.Concurrent;
using RtMatching.Core.Matching;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Profiles;

/// <summary>Texts to vectors as profile versions say, by the engines of this process.</summary>
public sealed class ProfileEmbedding(Engines engines)
{
    private readonly ConcurrentDictionary<long, DocumentEmbedder> _embedders = new();

    /// <summary>For requests that somebody waits for: ahead of all else.</summary>
    public EmbedTexts Interactive(ProfileVersion version) => With(version, EnginePriority.Interactive);

    /// <summary>For bulk work: whoever waits for an answer goes first.</summary>
    public EmbedTexts Background(ProfileVersion version) => With(version, EnginePriority.Background);

    private EmbedTexts With(ProfileVersion version, EnginePriority priority) => async (texts, kind, cancellation) =>
    {
        var engine = await engines.GetAsync(version.Profile.ModelPath, cancellation);
        var embedder = _embedders.GetOrAdd(version.Id, _ => new DocumentEmbedder(engine.Model, version.Profile));
        return await embedder.EmbedAsync(embedder.Prepare(texts, kind, cancellation), engine, priority, cancellation);
    };
}
