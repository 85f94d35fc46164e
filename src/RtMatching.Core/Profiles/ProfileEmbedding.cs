using System.Collections.Concurrent;
using RtMatching.Core.Matching;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Profiles;

/// <summary>Texts to vectors as profile versions say, by the engines of this process.</summary>
public sealed class ProfileEmbedding(Engines engines)
{
    private readonly ConcurrentDictionary<(long Version, EnginePriority Priority), DocumentEmbedder> _embedders = new();

    /// <summary>For requests that somebody waits for: gathered into batches, ahead of all else.</summary>
    public EmbedTexts Interactive(ProfileVersion version) => async (texts, kind, cancellation) =>
    {
        var engine = await engines.GetAsync(version.Profile.ModelPath, cancellation);
        var embedder = Embedder(version, engine, EnginePriority.Interactive);
        var prepared = embedder.Prepare(texts, kind, cancellation);
        var embeddings = await engine.EmbedAsync(prepared.Texts, embedder.Options(kind), cancellation);
        return DocumentEmbedder.Vectors(prepared, embeddings);
    };

    /// <summary>For bulk work: whoever waits for an answer goes first.</summary>
    public EmbedTexts Background(ProfileVersion version) => async (texts, kind, cancellation) =>
    {
        var engine = await engines.GetAsync(version.Profile.ModelPath, cancellation);
        return await Embedder(version, engine, EnginePriority.Background).EmbedAsync(texts, kind, cancellation);
    };

    private DocumentEmbedder Embedder(ProfileVersion version, Engine engine, EnginePriority priority) =>
        _embedders.GetOrAdd((version.Id, priority), _ => new DocumentEmbedder(engine.Model, version.Profile, priority));
}
