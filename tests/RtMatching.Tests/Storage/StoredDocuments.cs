using System.Security.Cryptography;
using System.Text;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

/// <summary>Puts documents, as an ingestion leaves them, into a test's database: bytes, version, text and vector.</summary>
internal static class StoredDocuments
{
    public static TaskProfile Profile(string name = "jd2cv", int dimension = 4, int iterations = 1) => new()
    {
        Name = name, ModelName = "made-up", WeightsHash = "00", MaxTokens = 512, Dimension = dimension, Iterations = iterations,
    };

    public static byte[] Hash(string content) => SHA256.HashData(Encoding.UTF8.GetBytes(content));

    /// <summary>Stores a new version of (source test, <paramref name="externalId"/>), embedded and current; returns the document's id.</summary>
    public static async Task<long> AddAsync(this TestDatabase test, string externalId, string content, ProfileVersion? profile = null,
        DocumentKind kind = DocumentKind.Cv, float[]? vector = null)
    {
        await using var connection = await test.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new Npgsql.NpgsqlCommand("""
            with c as (insert into contents (tenant, hash, bytes) values ('default', $1, $2) on conflict do nothing),
                t as (insert into texts (tenant, content_hash, preparation, outcome, format, body, search)
                    values ('default', $1, 1, 'ok', 'text', $5, to_tsvector('english', $5)) on conflict do nothing),
                d as (insert into documents (tenant, source, external_id, kind, current_version, content_hash) values ('default', 'test', $3, $4, 1, $1)
                    on conflict (tenant, source, external_id) do update set current_version = documents.current_version + 1, content_hash = $1
                    returning id, current_version),
                v as (insert into document_versions select id, current_version, 'default', $1 from d)
            select id from d
            """, connection, transaction)
        {
            Parameters =
            {
                new() { Value = Hash(content) }, new() { Value = Encoding.UTF8.GetBytes(content) }, new() { Value = externalId },
                new() { Value = kind.Name() }, new() { Value = content },
            },
        };
        var id = (long)(await command.ExecuteScalarAsync())!;
        if (profile is not null)
            await new VectorStore(test.Database, profile).PutAsync(transaction, [new StoredVector("default", kind, Hash(content), vector ?? [1, 0, 0, 0])]);
        await transaction.CommitAsync();
        return id;
    }
}
