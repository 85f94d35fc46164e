using Npgsql;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Storage;

/// <summary>
/// The vectors of one profile version: <c>vectors_{id}</c> (tenant, kind, content_hash, embedding halfvec(d), primary key
/// (tenant, kind, content_hash)), with an HNSW index for CVs and one for jobs, and <c>passages_{id}</c>
/// (tenant, kind, content_hash, ordinal, start, length, section, embedding halfvec(d)).
/// </summary>
public sealed class VectorStore(Database database, ProfileVersion profile)
{
    private Database Database { get; } = database;

    public string Vectors => $"vectors_{profile.Id}";
    public string Passages => $"passages_{profile.Id}";

    /// <summary>Creates both tables. Idempotent.</summary>
    public Task CreateTablesAsync(NpgsqlConnection connection, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>
    /// Upserts vectors inside the caller's transaction: binary COPY of real[] into an unlogged (temporary) table, then insert ... on conflict.
    /// </summary>
    public Task PutAsync(NpgsqlTransaction transaction, IReadOnlyList<StoredVector> vectors, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Builds the HNSW indexes that are missing, where there are enough rows to be worth one. Idempotent.</summary>
    public Task BuildIndexesAsync(CancellationToken cancellation = default) => throw new NotImplementedException();
}

public sealed record StoredVector(string Tenant, DocumentKind Kind, byte[] ContentHash, float[] Embedding);
