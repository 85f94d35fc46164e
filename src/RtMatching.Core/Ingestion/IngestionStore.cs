using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Ingestion;

/// <summary>The rows of ingestions and what is derived from their items.</summary>
internal sealed class IngestionStore(DatabaseRetry database)
{
    // Longer than any submitter takes between two transactions; younger ones may still be alive.
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(10);

    /// <summary>A select that <see cref="ReadSummary"/> reads, without conditions.</summary>
    internal const string Summary = """
        select n.id, n.tenant, n.kind, n.source, p.name, p.version, n.reembed, n.state, n.submitted, n.created_at, n.finished_at,
            c.queued, c.parsed, c.embedded, c.unchanged, c.rejected, c.dead, c.cancelled
        from ingestions n
        join profile_versions p on p.id = n.profile_version_id
        cross join lateral (
            select count(*) filter (where stage = 'queued') as queued, count(*) filter (where stage = 'parsed') as parsed,
                count(*) filter (where stage = 'embedded') as embedded, count(*) filter (where stage = 'unchanged') as unchanged,
                count(*) filter (where stage = 'rejected') as rejected, count(*) filter (where stage = 'dead') as dead,
                count(*) filter (where stage = 'cancelled') as cancelled
            from items where ingestion_id = n.id) c
        """;

    /// <param name="request">What further parts are read with; null where nothing is handed in.</param>
    /// <param name="key">Records that it stands for the new ingestion.</param>
    public async Task<long> CreateAsync(string tenant, DocumentKind kind, string source, long profileVersionId, bool reembed,
        CancellationToken cancellation, StoredRequest? request = null, KeyHold? key = null)
    {
        var id = 0L;
        await database.CommitAsync(async (transaction, token) =>
        {
            await using var command = Sql.Command(transaction.Connection!, """
                insert into ingestions (tenant, kind, source, profile_version_id, reembed, request)
                values (@tenant, @kind, @source, @profile, @reembed, @request) returning id
                """, new("tenant", tenant), new("kind", kind.Name()), new("source", source), new("profile", profileVersionId),
                new("reembed", reembed),
                new("request", NpgsqlDbType.Jsonb) { Value = request is null ? DBNull.Value : JsonSerializer.Serialize(request) });
            id = (long)(await command.ExecuteScalarAsync(token))!;
            if (key is not null) await key.RecordAsync(transaction, id, token);
            return true;
        }, cancellation);
        return id;
    }

    /// <summary>What further parts are read with; null where the ingestion takes none.</summary>
    public async Task<StoredRequest?> RequestAsync(long id, CancellationToken cancellation) =>
        (await ReadAsync("select request::text from ingestions where id = @id and request is not null",
            row => JsonSerializer.Deserialize<StoredRequest>(row.GetString(0))!, cancellation, new NpgsqlParameter("id", id))).SingleOrDefault();

    /// <summary>Everything is handed in; the key's submission is complete.</summary>
    public Task SubmittedAsync(long id, KeyHold? key, CancellationToken cancellation) =>
        database.CommitAsync(async (transaction, token) =>
        {
            await transaction.ExecuteAsync("update ingestions set submitted = true where id = $1", token, id);
            if (key is not null) await key.CompleteAsync(transaction, id, token);
            return true;
        }, cancellation);

    /// <summary>The key's submission is complete, and the ingestion stays open.</summary>
    public Task CompleteAsync(long id, KeyHold key, CancellationToken cancellation) =>
        database.CommitAsync(async (transaction, token) =>
        {
            await key.CompleteAsync(transaction, id, token);
            return true;
        }, cancellation);

    /// <summary>Takes up again what was given up for abandoned before everything was handed in.</summary>
    public Task ReopenAsync(long id, CancellationToken cancellation) => database.ExecuteAsync("""
        update ingestions set state = 'pending', finished_at = null where id = @id and state = 'failed' and not submitted
        """, cancellation, new NpgsqlParameter("id", id));

    /// <summary>Ends what submitters left behind that died before they had handed in everything, once nothing of it is open.</summary>
    public Task ReapAbandonedAsync(CancellationToken cancellation) => database.ExecuteAsync("""
        update ingestions n set state = 'failed', finished_at = now()
        where n.state in ('pending', 'running') and not n.submitted and n.created_at < now() - @age
            and not exists (select 1 from items where ingestion_id = n.id and (stage in ('queued', 'parsed') or created_at > now() - @age))
        """, cancellation, new NpgsqlParameter("age", AbandonedAfter));

    /// <summary>Ends ingestions whose last open items another one has taken over.</summary>
    public Task EndTakenOverAsync(CancellationToken cancellation) => database.ExecuteAsync($"""
        update ingestions n set state = {EndState}, finished_at = now()
        where n.state in ('pending', 'running') and n.submitted
            and not exists (select 1 from items where ingestion_id = n.id and stage in ('queued', 'parsed'))
            and exists (select 1 from items where ingestion_id = n.id and stage = 'cancelled')
        """, cancellation);

    /// <summary>Compare and set: false where the state is none of <paramref name="from"/> any more.</summary>
    public async Task<bool> TransitAsync(long id, IReadOnlyList<IngestionState> from, IngestionState to, CancellationToken cancellation) =>
        await database.ExecuteAsync("""
            update ingestions set state = @to, finished_at = case when @to in ('done', 'cancelled', 'failed') then now() end
            where id = @id and state = any(@from)
            """, cancellation, new("id", id), new("to", Sql.Name(to)), new("from", from.Select(Sql.Name).ToArray())) == 1;

    /// <summary>Failed, where the database can be told in time; otherwise it is taken for abandoned later.</summary>
    public async Task TryFailAsync(long id, CancellationToken cancellation)
    {
        try
        {
            await TransitAsync(id, [IngestionState.Pending, IngestionState.Running], IngestionState.Failed, cancellation);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // The failure that led here is the one to tell.
        }
    }

    /// <summary>Of an ingestion without open items: done, or cancelled where others took over every one of its items.</summary>
    private const string EndState = """
        case when exists (select 1 from items where ingestion_id = n.id and stage = 'cancelled')
            and not exists (select 1 from items where ingestion_id = n.id and stage <> 'cancelled') then 'cancelled' else 'done' end
        """;

    /// <summary>Ended: everything was handed in and nothing is open. False where that is not so, or it had ended before.</summary>
    public async Task<bool> FinishAsync(long id, CancellationToken cancellation) =>
        await database.ExecuteAsync($"""
            update ingestions n set state = {EndState}, finished_at = now()
            where id = @id and state in ('pending', 'running') and submitted
                and not exists (select 1 from items where ingestion_id = n.id and stage in ('queued', 'parsed'))
            """, cancellation, new NpgsqlParameter("id", id)) == 1;

    /// <summary>Stops a running ingestion and its open items, leases and all; a result that comes later finds its lease gone.</summary>
    public Task<bool> CancelAsync(long id, CancellationToken cancellation) =>
        database.CommitAsync(async (transaction, token) =>
        {
            await using var cancel = Sql.Command(transaction.Connection!, """
                update ingestions set state = 'cancelled', finished_at = now() where id = @id and state in ('pending', 'running') returning id
                """, new NpgsqlParameter("id", id));
            if ((await Sql.LongsAsync(cancel, token)).Count == 0) return false;
            await using var items = Sql.Command(transaction.Connection!, """
                update items set stage = 'cancelled', lease_token = null, lease_until = null, updated_at = now()
                where ingestion_id = @id and stage in ('queued', 'parsed')
                """, new NpgsqlParameter("id", id));
            await items.ExecuteNonQueryAsync(token);
            return true;
        }, cancellation);

    /// <summary>
    /// Puts what ended without success back to queued. Texts that parsing gave up on are forgotten, so that it is tried anew.
    /// </summary>
    public Task<bool> RetryAsync(long id, CancellationToken cancellation) =>
        database.CommitAsync(async (transaction, token) =>
        {
            await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
            foreach (var sql in RetrySteps)
                batch.BatchCommands.Add(new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter { Value = id } } });
            await batch.ExecuteNonQueryAsync(token);
            return true;
        }, cancellation);

    private static readonly string[] RetrySteps =
    [
        """
        delete from texts t using items i
        where i.ingestion_id = $1 and i.stage = 'rejected' and t.tenant = i.tenant and t.content_hash = i.content_hash and t.outcome <> 'ok'
        """,
        """
        update items set stage = 'queued', outcome = null, detail = null, attempts = 0, not_before = now(), updated_at = now()
        where ingestion_id = $1 and content_hash is not null
            and (stage in ('rejected', 'dead') or (stage = 'cancelled' and detail is null))
        """,
        "update items set not_before = now() where ingestion_id = $1 and stage in ('queued', 'parsed') and not_before > now()",
        "update ingestions set state = 'pending', submitted = true, finished_at = null where id = $1",
    ];

    /// <summary>Queues every current document of the kind that has no vector in the version yet.</summary>
    public Task<bool> QueueMissingAsync(long id, ProfileVersion version, string vectors, CancellationToken cancellation) =>
        database.CommitAsync(async (transaction, token) =>
        {
            await using var command = Sql.Command(transaction.Connection!, $"""
                insert into items (ingestion_id, tenant, external_id, document_id, version, content_hash, stage, outcome)
                select n.id, d.tenant, d.source || ':' || d.external_id, d.id, d.current_version, d.content_hash,
                    case when t.outcome = 'ok' then 'parsed' else 'queued' end, t.outcome
                from ingestions n
                join documents d on d.tenant = n.tenant and d.kind = n.kind and d.current_version is not null
                left join texts t on t.tenant = d.tenant and t.content_hash = d.content_hash and t.preparation = @preparation
                where n.id = @id and not exists (
                    select 1 from {vectors} x where x.tenant = d.tenant and x.kind = d.kind and x.content_hash = d.content_hash)
                order by d.id
                on conflict (ingestion_id, external_id) do nothing
                """, new("id", id), new("preparation", version.Profile.Preparation));
            await command.ExecuteNonQueryAsync(token);
            await using var submitted = Sql.Command(
                transaction.Connection!, "update ingestions set submitted = true where id = @id", new NpgsqlParameter("id", id));
            await submitted.ExecuteNonQueryAsync(token);
            return true;
        }, cancellation);

    /// <summary>Tenants and kinds with current documents that have no vector in the version yet.</summary>
    public Task<IReadOnlyList<(string Tenant, DocumentKind Kind)>> MissingAsync(string vectors, CancellationToken cancellation) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = Sql.Command(connection, $"""
                select distinct d.tenant, d.kind from documents d
                where d.current_version is not null and not exists (
                    select 1 from {vectors} x where x.tenant = d.tenant and x.kind = d.kind and x.content_hash = d.content_hash)
                order by 1, 2
                """);
            var missing = new List<(string, DocumentKind)>();
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token)) missing.Add((reader.GetString(0), Enum.Parse<DocumentKind>(reader.GetString(1), true)));
            return (IReadOnlyList<(string, DocumentKind)>)missing;
        }, cancellation);

    /// <param name="before">Only ingestions with smaller ids: the last id of the page before.</param>
    public Task<IReadOnlyList<IngestionSummary>> ListAsync(string tenant, long before, int limit, CancellationToken cancellation) =>
        ReadAsync($"{Summary} where n.tenant = @tenant and n.id < @before order by n.id desc limit @limit", ReadSummary, cancellation,
            new("tenant", tenant), new("before", before), new("limit", limit));

    public async Task<IngestionSummary?> FindAsync(long id, CancellationToken cancellation) =>
        (await ReadAsync($"{Summary} where n.id = @id", ReadSummary, cancellation, new NpgsqlParameter("id", id))).SingleOrDefault();

    /// <param name="after">Only items with greater ids: the last id of the page before.</param>
    public Task<IReadOnlyList<IngestionItem>> ItemsAsync(
        long id, bool failedOnly, long after, int limit, CancellationToken cancellation) =>
        ReadAsync("""
            select id, external_id, stage, outcome, detail, attempts, document_id from items
            where ingestion_id = @id and id > @after and (not @failed or stage in ('rejected', 'dead')) order by id limit @limit
            """,
            row => new IngestionItem(row.GetInt64(0), row.GetString(1), Enum.Parse<ItemStage>(row.GetString(2), true),
                row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4), row.GetInt32(5),
                row.IsDBNull(6) ? null : row.GetInt64(6)),
            cancellation, new("id", id), new("failed", failedOnly), new("after", after), new("limit", limit));

    /// <summary>Items brought to their end in the last minute, by whichever process; those that only had to be noted are not counted.</summary>
    public async Task<double> PerSecondAsync(long id, CancellationToken cancellation) =>
        (await ReadAsync("""
            select (select count(*) from items i
                    where i.ingestion_id = n.id and i.stage in ('embedded', 'rejected', 'dead')
                        and i.updated_at > i.created_at and i.updated_at > now() - interval '1 minute')::float8
                / greatest(1, extract(epoch from least(now() - n.created_at, interval '1 minute')))::float8
            from ingestions n where n.id = @id
            """, row => row.GetDouble(0), cancellation, new NpgsqlParameter("id", id))).Single();

    public async Task<IReadOnlyDictionary<string, long>> OutcomesAsync(long id, CancellationToken cancellation) =>
        (await ReadAsync("""
            select outcome, count(*) from items where ingestion_id = @id and outcome is not null group by outcome order by 2 desc, 1
            """, row => KeyValuePair.Create(row.GetString(0), row.GetInt64(1)), cancellation, new NpgsqlParameter("id", id)))
        .ToDictionary();

    internal static IngestionSummary ReadSummary(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetString(1), Enum.Parse<DocumentKind>(row.GetString(2), true), row.GetString(3), row.GetString(4),
        row.GetInt32(5), row.GetBoolean(6), Enum.Parse<IngestionState>(row.GetString(7), true), row.GetBoolean(8),
        row.GetFieldValue<DateTimeOffset>(9), row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10),
        new ItemCounts(row.GetInt64(11), row.GetInt64(12), row.GetInt64(13), row.GetInt64(14), row.GetInt64(15), row.GetInt64(16),
            row.GetInt64(17)));

    private Task<IReadOnlyList<T>> ReadAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellation, params NpgsqlParameter[] parameters) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = Sql.Command(connection, sql, parameters);
            var rows = new List<T>();
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token)) rows.Add(read(reader));
            return (IReadOnlyList<T>)rows;
        }, cancellation);
}
