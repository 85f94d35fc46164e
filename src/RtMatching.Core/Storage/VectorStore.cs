using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Storage;

/// <summary>
/// The vectors of one profile version: <c>vectors_{id}</c> (tenant, kind, content_hash, embedding halfvec(d), primary key
/// (tenant, kind, content_hash)), with an HNSW index for CVs and one for jobs, and <c>passages_{id}</c>
/// (tenant, kind, content_hash, ordinal, start, length, section, embedding halfvec(d)).
/// </summary>
public sealed class VectorStore(Database database, ProfileVersion profile)
{
    /// <summary>What pgvector's HNSW takes of halfvec.</summary>
    public const int MaxDimension = 4000;

    /// <summary>The largest finite half-precision number.</summary>
    private const float MaxHalf = 65504;

    public string Vectors => VectorsOf(profile.Id);
    public string Passages => PassagesOf(profile.Id);

    internal static string VectorsOf(long profileVersionId) => $"vectors_{profileVersionId}";
    internal static string PassagesOf(long profileVersionId) => $"passages_{profileVersionId}";
    internal static string IndexOf(long profileVersionId, DocumentKind kind) => $"{VectorsOf(profileVersionId)}_{kind.Name()}_hnsw";

    /// <exception cref="ArgumentException">Not a dimension that can be stored and indexed.</exception>
    public static void CheckDimension(int dimension)
    {
        if (dimension is < 1 or > MaxDimension)
            throw new ArgumentException($"Vectors of {dimension} dimensions cannot be indexed; choose 1 to {MaxDimension} (--dim cuts longer ones).", nameof(dimension));
    }

    /// <summary>Creates both tables, which the stored version must not have yet; their owner does, by 0011_owner_functions.sql.</summary>
    public async Task CreateTablesAsync(NpgsqlConnection connection, CancellationToken cancellation = default)
    {
        CheckDimension(profile.Profile.Dimension);
        await using var command = new NpgsqlCommand("select create_vector_tables($1)", connection) { Parameters = { new() { Value = profile.Id } } };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>
    /// Upserts vectors inside the caller's transaction: binary COPY of real[] into a temporary table, then insert ... on conflict.
    /// </summary>
    /// <exception cref="ArgumentException">A vector has another dimension than the profile, or a number that half precision cannot hold.</exception>
    public async Task PutAsync(NpgsqlTransaction transaction, IReadOnlyList<StoredVector> vectors, CancellationToken cancellation = default)
    {
        if (vectors.Count == 0) return;
        foreach (var vector in vectors) Check(vector.Embedding);
        var connection = transaction.Connection!;
        await ExecuteAsync(connection, """
            create temporary table if not exists staged_vectors (tenant text, kind text, content_hash bytea, embedding real[]) on commit delete rows;
            truncate staged_vectors;
            """, cancellation);
        await StageAsync(connection, vectors, cancellation);

        // distinct on: one statement may not touch a row twice. Ordered, so that two writers of the same contents cannot deadlock.
        await ExecuteAsync(connection, $"""
            insert into {Vectors} (tenant, kind, content_hash, embedding)
            select distinct on (tenant, kind, content_hash) tenant, kind, content_hash, embedding::halfvec({profile.Profile.Dimension})
            from staged_vectors order by tenant, kind, content_hash
            on conflict (tenant, kind, content_hash) do update set embedding = excluded.embedding
            """, cancellation);
    }

    private static async Task StageAsync(NpgsqlConnection connection, IReadOnlyList<StoredVector> vectors, CancellationToken cancellation)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "copy staged_vectors (tenant, kind, content_hash, embedding) from stdin (format binary)", cancellation);
        foreach (var vector in vectors)
        {
            await copy.StartRowAsync(cancellation);
            await copy.WriteAsync(vector.Tenant, NpgsqlDbType.Text, cancellation);
            await copy.WriteAsync(vector.Kind.Name(), NpgsqlDbType.Text, cancellation);
            await copy.WriteAsync(vector.ContentHash, NpgsqlDbType.Bytea, cancellation);
            await copy.WriteAsync(vector.Embedding, NpgsqlDbType.Array | NpgsqlDbType.Real, cancellation);
        }

        await copy.CompleteAsync(cancellation);
    }

    private void Check(float[] embedding)
    {
        if (embedding.Length != profile.Profile.Dimension)
            throw new ArgumentException($"A vector has {embedding.Length} dimensions; profile {profile.Profile.Name} stores {profile.Profile.Dimension}.");
        foreach (var value in embedding)
            if (!(Math.Abs(value) <= MaxHalf)) throw new ArgumentException($"A vector holds {value}, which half precision cannot store; is the model's arithmetic overflowing?");
    }

    /// <summary>Has the tables' owner build the HNSW indexes that are missing, where there are enough rows to be worth one. Idempotent.</summary>
    public async Task BuildIndexesAsync(CancellationToken cancellation = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellation);
        foreach (var kind in Enum.GetValues<DocumentKind>()) await BuildIndexAsync(connection, kind, cancellation);
    }

    private async Task BuildIndexAsync(NpgsqlConnection connection, DocumentKind kind, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, $"set local max_parallel_maintenance_workers = {Math.Clamp(Environment.ProcessorCount - 1, 0, 7)}", cancellation);

        // The comment is what tells a build under way from others: of its statement, status sees nothing but the text (ProfileQueries).
        await ExecuteAsync(connection, $"select build_vector_index({profile.Id}, '{kind.Name()}') /* {IndexOf(profile.Id, kind)} */", cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

public sealed record StoredVector(string Tenant, DocumentKind Kind, byte[] ContentHash, float[] Embedding);
