using Npgsql;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Storage;

/// <summary>A stored CV or job.</summary>
/// <param name="CurrentVersion">The version that ranks: the newest that has been embedded; null before the first.</param>
/// <param name="Versions">How many there are.</param>
/// <param name="ContentHash">SHA-256 of the current version's bytes, lower-case hexadecimal; null before the first is embedded.</param>
public sealed record StoredDocument(
    long Id, string Source, string ExternalId, DocumentKind Kind, int? CurrentVersion, long Versions, string? ContentHash,
    IReadOnlyList<string> Tags, string? Location, string? Language, DateOnly? DatedOn, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>What parsing made of a document's current version.</summary>
/// <param name="Sections">As stored: a JSON array of {kind, start, length}.</param>
public sealed record StoredText(string Outcome, string Format, string? Detail, string? Language, string Body, string Sections, int ByteLength);

/// <summary>Which documents a listing gives.</summary>
public sealed record DocumentQuery
{
    public string Tenant { get; init; } = "default";
    public DocumentKind? Kind { get; init; }
    public string? Source { get; init; }
    public string? ExternalId { get; init; }
    public string? Tag { get; init; }

    /// <summary>Only documents with greater ids: the last id of the page before.</summary>
    public long After { get; init; }
    public int Limit { get; init; } = 100;
}

/// <summary>Stored documents: found, listed, shown, deleted. They are put in by ingestions.</summary>
public sealed class DocumentStore(Database database)
{
    private const int MaxAttempts = 5;

    private readonly NpgsqlDataSource _source = database.Source;

    /// <summary>In order of id.</summary>
    public async Task<IReadOnlyList<StoredDocument>> ListAsync(DocumentQuery query, CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand("""
            select d.id, d.source, d.external_id, d.kind, d.current_version,
                (select count(*) from document_versions v where v.document_id = d.id), encode(d.content_hash, 'hex'),
                d.tags, d.location, d.language, d.dated_on, d.created_at, d.updated_at
            from documents d
            where d.tenant = @tenant and d.id > @after
                and (@kind::text is null or d.kind = @kind) and (@source::text is null or d.source = @source)
                and (@external::text is null or d.external_id = @external) and (@tag::text is null or @tag = any(d.tags))
            order by d.id limit @limit
            """);
        command.Parameters.AddWithValue("tenant", query.Tenant);
        command.Parameters.AddWithValue("after", query.After);
        command.Parameters.AddWithValue("limit", query.Limit);
        command.Parameters.AddWithValue("kind", (object?)(query.Kind is { } kind ? kind.Name() : null) ?? DBNull.Value);
        command.Parameters.AddWithValue("source", (object?)query.Source ?? DBNull.Value);
        command.Parameters.AddWithValue("external", (object?)query.ExternalId ?? DBNull.Value);
        command.Parameters.AddWithValue("tag", (object?)query.Tag ?? DBNull.Value);
        return await ReadAsync(command, cancellation);
    }

    /// <summary>Null where there is none of this id.</summary>
    public async Task<StoredDocument?> FindAsync(long id, string tenant = "default", CancellationToken cancellation = default) =>
        (await ListAsync(new DocumentQuery { Tenant = tenant, After = id - 1, Limit = 1 }, cancellation)).SingleOrDefault(found => found.Id == id);

    /// <summary>How many can be ranked, or ranked for.</summary>
    public async Task<long> CountAsync(DocumentKind kind, string tenant = "default", CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand("select count(*) from documents where tenant = $1 and kind = $2 and current_version is not null");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = kind.Name() });
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>The text of the current version, or of the newest where none ranks yet; null where nothing is parsed.</summary>
    public async Task<StoredText?> TextAsync(long id, string tenant = "default", CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand("""
            select t.outcome, t.format, t.detail, t.language, t.body, t.sections::text, length(c.bytes)
            from documents d
            join document_versions v on v.document_id = d.id
                and v.version = coalesce(d.current_version, (select max(version) from document_versions where document_id = d.id))
            join contents c on c.tenant = v.tenant and c.hash = v.content_hash
            join texts t on t.tenant = v.tenant and t.content_hash = v.content_hash
            where d.id = $1 and d.tenant = $2 order by t.preparation desc limit 1
            """);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = tenant });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        return new StoredText(reader.GetString(0), reader.GetString(1), Text(reader, 2), Text(reader, 3), reader.GetString(4), reader.GetString(5), reader.GetInt32(6));
    }

    /// <summary>
    /// Removes a document with all its versions and the queue's traces of it, and with them the bytes, texts, vectors and passages that
    /// no other document uses.
    /// </summary>
    /// <returns>False where the tenant has none of this id.</returns>
    public async Task<bool> DeleteAsync(long id, string tenant = "default", CancellationToken cancellation = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryDeleteAsync(id, tenant, cancellation);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < MaxAttempts)
            {
                // An ingestion of the same document held what this wanted and the other way round. Nothing was deleted.
            }
        }
    }

    private async Task<bool> TryDeleteAsync(long id, string tenant, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await ContentsAsync(transaction, id, tenant, cancellation) is not { } hashes) return false;

        // Whoever is giving one of these contents to another document is waited for, and seen by the statements below.
        await transaction.ExecuteAsync("select 1 from contents where tenant = $1 and hash = any($2) order by hash for update", cancellation, tenant, hashes);
        await transaction.ExecuteAsync("delete from documents where id = $1", cancellation, id);   // Versions and items go with it.
        foreach (var version in await ProfileVersionsAsync(transaction, cancellation))
        {
            foreach (var table in (string[])[VectorStore.VectorsOf(version), VectorStore.PassagesOf(version)])
            {
                await transaction.ExecuteAsync($"""
                    delete from {table} x where x.tenant = $1 and x.content_hash = any($2) and not exists (
                        select 1 from document_versions v join documents d on d.id = v.document_id
                        where v.tenant = x.tenant and v.content_hash = x.content_hash and d.kind = x.kind)
                    """, cancellation, tenant, hashes);
            }
        }

        await transaction.ExecuteAsync("""
            delete from contents c where c.tenant = $1 and c.hash = any($2)
                and not exists (select 1 from document_versions v where v.tenant = c.tenant and v.content_hash = c.hash)
            """, cancellation, tenant, hashes);   // Texts go with it.
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>Hashes of all its versions, the document's row held; null where the tenant has no such document.</summary>
    private static async Task<byte[][]?> ContentsAsync(NpgsqlTransaction transaction, long id, string tenant, CancellationToken cancellation) =>
        await transaction.ScalarAsync("""
            select array(select distinct v.content_hash from document_versions v where v.document_id = d.id)
            from documents d where d.id = $1 and d.tenant = $2 for update
            """, cancellation, id, tenant) as byte[][];

    private static async Task<List<long>> ProfileVersionsAsync(NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select id from profile_versions order by id", transaction.Connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var versions = new List<long>();
        while (await reader.ReadAsync(cancellation)) versions.Add(reader.GetInt64(0));
        return versions;
    }

    private static async Task<List<StoredDocument>> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        var documents = new List<StoredDocument>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            documents.Add(new StoredDocument(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3) == "cv" ? DocumentKind.Cv : DocumentKind.Job,
                reader.IsDBNull(4) ? null : reader.GetInt32(4), reader.GetInt64(5), Text(reader, 6), reader.GetFieldValue<string[]>(7),
                Text(reader, 8), Text(reader, 9), reader.IsDBNull(10) ? null : reader.GetFieldValue<DateOnly>(10),
                reader.GetFieldValue<DateTimeOffset>(11), reader.GetFieldValue<DateTimeOffset>(12)));
        }

        return documents;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
