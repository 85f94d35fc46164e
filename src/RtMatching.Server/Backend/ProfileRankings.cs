using System.Collections.Concurrent;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.Backend;

/// <summary>A ranking for each profile version, kept because it remembers term statistics.</summary>
internal sealed class ProfileRankings(Database database, Engines engines)
{
    private readonly ProfileStore _profiles = new(database);
    private readonly ConcurrentDictionary<long, Ranking> _rankings = new();
    private readonly ConcurrentDictionary<(long Version, EnginePriority Priority), DocumentEmbedder> _embedders = new();

    /// <summary>That of the version which is active now: another process may have switched.</summary>
    /// <exception cref="KeyNotFoundException">No such profile is stored.</exception>
    public async Task<Ranking> ActiveAsync(string profile, CancellationToken cancellation)
    {
        var version = await _profiles.FindActiveAsync(profile, cancellation) ?? throw new KeyNotFoundException(
            $"No profile '{profile}' is stored: ingest something with it first, or see GET /v1/profiles for those there are.");
        return _rankings.GetOrAdd(version.Id, _ => new Ranking(database, version, Interactive(version)));
    }

    /// <summary>For requests that somebody waits for: gathered into batches, ahead of all else.</summary>
    private EmbedTexts Interactive(ProfileVersion version) => async (texts, kind, cancellation) =>
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
