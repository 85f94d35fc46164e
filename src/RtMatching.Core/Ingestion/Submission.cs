using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Core.Telemetry;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// Hands items into the queue, many in one transaction: stores their bytes, documents and versions, and queues only what changed.
/// </summary>
internal sealed class Submission(
    DatabaseRetry database, ProfileVersion profile, IngestionSummary ingestion, VectorStore vectors)
{
    private const int MaxItems = 200;
    private const int MaxBytes = 8 * 1024 * 1024;

    private readonly List<SourceItem> _pending = [];
    private readonly HashSet<(string, string)> _documents = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _outcomes = new(StringComparer.Ordinal);
    private readonly SubmissionTrace _trace = new(ingestion.Id, ingestion.Kind);
    private long _bytes;

    public long Items { get; private set; }

    public async Task AddAsync(SourceItem item, CancellationToken cancellation)
    {
        // A document twice in one transaction: its second content is a version of its own, so it comes after the first.
        var again = item.Bytes is not null && _documents.Contains((item.Source, item.ExternalId));
        if (again || _names.Contains(item.Name)) await FlushAsync(cancellation);
        if (item.Bytes is not null) _documents.Add((item.Source, item.ExternalId));
        _names.Add(item.Name);
        _pending.Add(item);
        _trace.Begin(item);
        _bytes += item.Bytes?.Length ?? 0;
        if (_pending.Count >= MaxItems || _bytes >= MaxBytes) await FlushAsync(cancellation);
    }

    /// <exception cref="OperationCanceledException">The ingestion was cancelled or completed meanwhile.</exception>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        if (_pending.Count == 0) return;
        try
        {
            await CommitAsync(cancellation);
        }
        catch (Exception exception)
        {
            _trace.Fail(exception);
            throw;
        }

        _trace.End(_outcomes);
        Items += _pending.Count;
        _pending.Clear();
        _documents.Clear();
        _names.Clear();
        _bytes = 0;
    }

    private async Task CommitAsync(CancellationToken cancellation)
    {
        var taken = _pending.Where(item => item.Bytes is not null)
            .Select(item => new Content(item, SHA256.HashData(item.Bytes!))).ToList();
        var committed = await database.CommitAsync(async (transaction, token) =>
        {
            _outcomes.Clear();
            if (!await IsOpenAsync(transaction, token)) return false;
            await StoreBytesAsync(transaction, taken, token);
            var queued = await StoreDocumentsAsync(transaction, taken, token);
            await StoreVersionsAsync(transaction, queued, token);
            await TakeOverAsync(transaction, queued, token);
            await QueueAsync(transaction, queued, token);
            await RejectAsync(transaction, [.. Rejected(taken, queued)], token);
            return true;
        }, cancellation);
        if (!committed) throw new OperationCanceledException($"Ingestion {ingestion.Id} was cancelled or completed while items were being handed in.");
    }

    private sealed record Content(SourceItem Item, byte[] Hash)
    {
        public long DocumentId { get; init; }
    }

    /// <summary>Holds the ingestion's row, so that cancelling it and handing in wait for each other.</summary>
    private async Task<bool> IsOpenAsync(NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        await using var command = Command(transaction,
            "select id from ingestions where id = @ingestion and state in ('pending', 'running') and not submitted for share");
        return (await Sql.LongsAsync(command, cancellation)).Count == 1;
    }

    /// <summary>Bytes that are stored already are not sent again, and held, so that deleting their last document waits or comes first.</summary>
    private async Task StoreBytesAsync(NpgsqlTransaction transaction, List<Content> taken, CancellationToken cancellation)
    {
        await using var known = Command(transaction, "select hash from contents where tenant = @tenant and hash = any(@hashes) order by hash for key share");
        known.Parameters.AddWithValue("hashes", taken.Select(content => content.Hash).ToArray());
        var stored = await Sql.HashesAsync(known, cancellation);
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        foreach (var content in taken.OrderBy(content => Convert.ToHexString(content.Hash), StringComparer.Ordinal))
        {
            if (!stored.Add(Convert.ToHexStringLower(content.Hash))) continue;
            const string Insert = "insert into contents (tenant, hash, bytes) values ($1, $2, $3) on conflict do nothing";
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Insert)
            {
                Parameters = { new() { Value = ingestion.Tenant }, new() { Value = content.Hash }, new() { Value = content.Item.Bytes! } },
            });
        }

        if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>
    /// Makes missing documents, renews the tags and such of the others, and locks them all. Those of another kind are left out.
    /// </summary>
    private async Task<IReadOnlyList<Content>> StoreDocumentsAsync(
        NpgsqlTransaction transaction, List<Content> taken, CancellationToken cancellation)
    {
        const string Given = """
            with given as (
                select g.source, g.external_id, array(select jsonb_array_elements_text(g.tags::jsonb)) as tags, g.location, g.language,
                    g.dated_on
                from unnest(@sources, @ids, @tags, @locations, @languages, @dates)
                    as g(source, external_id, tags, location, language, dated_on))
            """;
        await using var insert = Command(transaction, Given + """

            insert into documents (tenant, source, external_id, kind, tags, location, language, dated_on)
            select @tenant, source, external_id, @kind, tags, location, language, dated_on from given order by source, external_id
            on conflict (tenant, source, external_id) do nothing
            """);
        await using var update = Command(transaction, Given + """
            , changed as (
                select d.id, case when g.tags = '{}' then d.tags else g.tags end as tags, coalesce(g.location, d.location) as location,
                    coalesce(g.language, d.language) as language, coalesce(g.dated_on, d.dated_on) as dated_on
                from given g
                join documents d on d.tenant = @tenant and d.source = g.source and d.external_id = g.external_id and d.kind = @kind)
            update documents d
            set tags = c.tags, location = c.location, language = c.language, dated_on = c.dated_on, updated_at = now()
            from changed c
            where c.id = d.id and (d.tags, d.location, d.language, d.dated_on) is distinct from (c.tags, c.location, c.language, c.dated_on)
            """);
        await using var select = Command(transaction, """
            select d.id, d.source, d.external_id from documents d
            where d.tenant = @tenant and d.kind = @kind and (d.source, d.external_id) in (select * from unnest(@sources, @ids))
            order by d.id for update
            """);
        foreach (var command in new[] { insert, update, select }) AddDocuments(command, taken);
        await insert.ExecuteNonQueryAsync(cancellation);
        await update.ExecuteNonQueryAsync(cancellation);

        var ids = new Dictionary<(string, string), long>();
        await using (var reader = await select.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation)) ids[(reader.GetString(1), reader.GetString(2))] = reader.GetInt64(0);
        return [.. taken.Where(content => ids.ContainsKey((content.Item.Source, content.Item.ExternalId)))
            .Select(content => content with { DocumentId = ids[(content.Item.Source, content.Item.ExternalId)] })];
    }

    private static void AddDocuments(NpgsqlCommand command, List<Content> taken)
    {
        command.Parameters.Add(Sql.Texts("sources", taken.Select(content => content.Item.Source)));
        command.Parameters.Add(Sql.Texts("ids", taken.Select(content => content.Item.ExternalId)));
        command.Parameters.Add(Sql.Texts("tags", taken.Select(content => Sql.Json(content.Item.Tags))));
        command.Parameters.Add(Sql.Texts("locations", taken.Select(content => content.Item.Location)));
        command.Parameters.Add(Sql.Texts("languages", taken.Select(content => content.Item.Language)));
        command.Parameters.Add(new NpgsqlParameter("dates", NpgsqlDbType.Array | NpgsqlDbType.Date)
        {
            Value = taken.Select(content => content.Item.Date).ToArray(),
        });
    }

    /// <summary>A content that differs from the newest version's is a new version.</summary>
    private async Task StoreVersionsAsync(NpgsqlTransaction transaction, IReadOnlyList<Content> queued, CancellationToken cancellation)
    {
        await using var command = Command(transaction, """
            insert into document_versions (document_id, version, tenant, content_hash)
            select g.document_id, coalesce(newest.version, 0) + 1, @tenant, g.content_hash
            from unnest(@documents, @hashes) as g(document_id, content_hash)
            left join lateral (
                select v.version, v.content_hash from document_versions v
                where v.document_id = g.document_id order by v.version desc limit 1) newest on true
            where newest.content_hash is distinct from g.content_hash
            """, queued);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>
    /// What other ingestions still had to do of these documents for this profile, or for a version of it that no longer ranks, is done
    /// here, once. Re-embedding for a version to come goes on.
    /// </summary>
    private async Task TakeOverAsync(NpgsqlTransaction transaction, IReadOnlyList<Content> queued, CancellationToken cancellation)
    {
        await using var command = Command(transaction, """
            update items i
            set stage = 'cancelled', detail = 'Taken over by ingestion ' || @ingestion || '.', lease_token = null, lease_until = null,
                updated_at = now()
            from ingestions n join profile_versions p on p.id = n.profile_version_id
            where i.document_id = any(@documents) and i.ingestion_id <> @ingestion and i.stage in ('queued', 'parsed')
                and n.id = i.ingestion_id and p.name = @profile and (not n.reembed or p.id = @version)
            """, queued);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>An item that is there already is left alone, unless it comes with another content, which then counts.</summary>
    private async Task QueueAsync(NpgsqlTransaction transaction, IReadOnlyList<Content> queued, CancellationToken cancellation)
    {
        await using var command = Command(transaction, $"""
            insert into items (ingestion_id, tenant, external_id, document_id, version, content_hash, trace_parent, stage, outcome, detail)
            select @ingestion, @tenant, g.name, g.document_id, newest.version, g.content_hash, g.trace,
                case
                    when t.outcome <> 'ok' then 'rejected'
                    when d.current_version = newest.version and exists (
                        select 1 from {vectors.Vectors} x
                        where x.tenant = @tenant and x.kind = @kind and x.content_hash = g.content_hash) then 'unchanged'
                    when t.outcome = 'ok' then 'parsed'
                    else 'queued'
                end,
                t.outcome, t.detail
            from unnest(@names, @documents, @hashes, @traces) with ordinality as g(name, document_id, content_hash, trace, place)
            join documents d on d.id = g.document_id
            join lateral (select max(v.version) as version from document_versions v where v.document_id = g.document_id) newest on true
            left join texts t on t.tenant = @tenant and t.content_hash = g.content_hash and t.preparation = @preparation
            order by g.place
            on conflict (ingestion_id, external_id) do update
            set document_id = excluded.document_id, version = excluded.version, content_hash = excluded.content_hash,
                trace_parent = excluded.trace_parent, stage = excluded.stage, outcome = excluded.outcome, detail = excluded.detail,
                attempts = 0, not_before = now(), lease_token = null, lease_until = null, updated_at = now()
            where items.content_hash is distinct from excluded.content_hash
            returning external_id, stage
            """, queued);
        command.Parameters.Add(Sql.Texts("names", queued.Select(content => content.Item.Name)));
        command.Parameters.Add(Sql.Texts("traces", queued.Select(content => _trace.Parent(content.Item))));
        command.Parameters.AddWithValue("preparation", profile.Profile.Preparation);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) _outcomes[reader.GetString(0)] = reader.GetString(1);
    }

    private IEnumerable<SourceItem> Rejected(IReadOnlyList<Content> taken, IReadOnlyList<Content> queued)
    {
        var names = queued.Select(content => content.Item.Name).ToHashSet(StringComparer.Ordinal);
        var otherKind = new Rejection(Outcomes.Unsupported,
            $"It is stored as something else than a {ingestion.Kind.Name()}: delete that document first, or give another source.");
        return _pending.Where(item => item.Rejection is not null)
            .Concat(taken.Select(content => content.Item).Where(item => !names.Contains(item.Name))
                .Select(item => item with { Rejection = otherKind }));
    }

    private async Task RejectAsync(NpgsqlTransaction transaction, IReadOnlyList<SourceItem> rejected, CancellationToken cancellation)
    {
        if (rejected.Count == 0) return;
        await using var command = Command(transaction, """
            insert into items (ingestion_id, tenant, external_id, stage, outcome, detail)
            select @ingestion, @tenant, g.name, 'rejected', g.outcome, g.detail
            from unnest(@names, @outcomes, @details) as g(name, outcome, detail)
            on conflict (ingestion_id, external_id) do nothing
            """);
        command.Parameters.Add(Sql.Texts("names", rejected.Select(item => item.Name)));
        command.Parameters.Add(Sql.Texts("outcomes", rejected.Select(item => item.Rejection!.Outcome)));
        command.Parameters.Add(Sql.Texts("details", rejected.Select(item => item.Rejection!.Detail)));
        foreach (var item in rejected) _outcomes.TryAdd(item.Name, item.Rejection!.Outcome);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private NpgsqlCommand Command(NpgsqlTransaction transaction, string sql, IReadOnlyList<Content>? contents = null)
    {
        var command = new NpgsqlCommand(sql, transaction.Connection, transaction);
        command.Parameters.AddWithValue("tenant", ingestion.Tenant);
        command.Parameters.AddWithValue("kind", ingestion.Kind.Name());
        command.Parameters.AddWithValue("ingestion", ingestion.Id);
        command.Parameters.AddWithValue("profile", profile.Profile.Name);
        command.Parameters.AddWithValue("version", profile.Id);
        if (contents is null) return command;
        command.Parameters.AddWithValue("documents", contents.Select(content => content.DocumentId).ToArray());
        command.Parameters.AddWithValue("hashes", contents.Select(content => content.Hash).ToArray());
        return command;
    }
}
