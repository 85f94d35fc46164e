using System.Collections.Concurrent;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Ingestion;

/// <summary>An embed stage for each profile version, made when it is first needed, which loads its model.</summary>
internal sealed class EmbedStages(
    Database database, DatabaseRetry retry, WorkQueue queue, IngestionOptions options, Engines engines)
{
    private readonly ProfileStore _profiles = new(database);
    private readonly ConcurrentDictionary<long, EmbedStage> _stages = new();

    /// <exception cref="InvalidModelException">The version's model cannot be loaded.</exception>
    /// <exception cref="ArgumentException">Its model has other weights now.</exception>
    /// <exception cref="InvalidOperationException">The version's texts were prepared otherwise than this program does.</exception>
    public async Task<EmbedStage> OpenAsync(long profileVersionId, CancellationToken cancellation)
    {
        // What fails is not kept: the next attempt may find the model where it belongs.
        if (_stages.TryGetValue(profileVersionId, out var stage)) return stage;
        var version = (await retry.RunAsync(_profiles.ListAsync, cancellation)).Single(version => version.Id == profileVersionId);
        return _stages.GetOrAdd(profileVersionId, await Task.Run(() => Create(IngestionIntake.Current(version)), cancellation));
    }

    private EmbedStage Create(ProfileVersion version)
    {
        var engine = engines.Get(version.Profile.ModelPath);
        var embedder = new DocumentEmbedder(engine.Model, version.Profile);
        return new EmbedStage(retry, queue, engine, embedder, new VectorStore(database, version), options);
    }
}
