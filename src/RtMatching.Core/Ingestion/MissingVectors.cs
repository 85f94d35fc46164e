using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Ingestion;

/// <summary>Documents that rank in one profile version and not yet in another.</summary>
internal sealed class MissingVectors(Database database, IngestionStore store)
{
    /// <summary>An ingestion of them for each tenant and kind, to be run.</summary>
    public async Task<IReadOnlyList<long>> QueueAsync(ProfileVersion version, CancellationToken cancellation)
    {
        var vectors = new VectorStore(database, version);
        var ids = new List<long>();
        foreach (var (tenant, kind) in await store.MissingAsync(vectors.Vectors, cancellation))
        {
            var id = await store.CreateAsync(tenant, kind, "reembed", version.Id, reembed: true, cancellation);
            await store.QueueMissingAsync(id, version, vectors.Vectors, cancellation);
            ids.Add(id);
        }

        return ids;
    }
}
