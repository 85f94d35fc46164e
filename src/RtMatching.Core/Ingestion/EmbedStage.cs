using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Core.Telemetry;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Ingestion;

/// <summary>From a content's text to its vector: parsed items become embedded, and their documents point at the new version.</summary>
internal sealed class EmbedStage(
    DatabaseRetry database, WorkQueue queue, Engine engine, DocumentEmbedder embedder, VectorStore vectors, IngestionOptions options)
{
    /// <summary>
    /// Leases the next documents and cuts their texts, while the model may still be busy with others; null where none waits.
    /// </summary>
    /// <exception cref="EngineFailedException">The engine embeds nothing now: nothing is leased.</exception>
    public async Task<EmbedWork?> PrepareAsync(long ingestionId, CancellationToken cancellation)
    {
        engine.ThrowIfFailed();
        var lease = await queue.ClaimAsync(ItemStage.Parsed, ingestionId, options.EmbedBatch, cancellation);
        return lease is null ? null : await PrepareAsync(lease, cancellation);
    }

    /// <summary>Cuts the texts that the lease holds; where that fails, it is handed back.</summary>
    public async Task<EmbedWork> PrepareAsync(Lease lease, CancellationToken cancellation)
    {
        try
        {
            var entries = new List<EmbedEntry>();
            foreach (var twins in lease.Items.GroupBy(item => (item.Content, item.Kind)))
                if (await EntryAsync(lease, [.. twins], cancellation) is { } entry) entries.Add(entry);
            return new EmbedWork(lease, entries);
        }
        catch
        {
            await lease.DisposeAsync();
            throw;
        }
    }

    /// <summary>Embeds and stores what was prepared, in batches sorted by length, each committed on its own.</summary>
    /// <exception cref="EngineFailedException">The engine embeds nothing now: what is not committed is still held.</exception>
    public async Task RunAsync(EmbedWork work, CancellationToken cancellation)
    {
        foreach (var group in work.Entries.GroupBy(entry => (entry.First.Tenant, entry.First.Kind)))
        {
            // Looked up as late as this, so that the same content in the batch before is seen.
            var known = await KnownAsync(group.Key.Tenant, group.Key.Kind, [.. group], cancellation);
            var ready = group.Where(entry => known.Contains(entry.Hash)).ToList();
            if (ready.Count > 0) await CommitAsync(work.Lease, ready, vectorsOf: null, cancellation);
            await EmbedAsync(work.Lease, Batches(group.Where(entry => !known.Contains(entry.Hash))), cancellation);
        }
    }

    /// <summary>The next batch stands before the engine while one is run and committed, so that the engine never waits for that.</summary>
    private async Task EmbedAsync(Lease lease, IEnumerable<IReadOnlyList<EmbedEntry>> batches, CancellationToken cancellation)
    {
        var running = Task.CompletedTask;
        try
        {
            foreach (var batch in batches)
            {
                (var before, running) = (running, EmbedAsync(lease, batch, cancellation));
                await before;
            }
        }
        finally
        {
            await running;
        }
    }

    private async Task<EmbedEntry?> EntryAsync(Lease lease, IReadOnlyList<LeasedItem> twins, CancellationToken cancellation)
    {
        try
        {
            var text = await TextAsync(twins[0], cancellation);
            if (text is null)
            {
                await EndAsync(lease, twins, ItemStage.Queued, null, null, cancellation);       // forgotten meanwhile: parse it again
                return null;
            }

            var prepared = embedder.Profile.Redact ? TextPreparation.Redact(text) : text;
            if (!string.IsNullOrWhiteSpace(prepared))
                return new EmbedEntry(twins, embedder.Prepare([prepared], twins[0].Kind, cancellation), prepared.Length);
            const string Why = "It holds nothing but a name and contacts.";
            await EndAsync(lease, twins, ItemStage.Rejected, Outcomes.Empty, Why, cancellation);
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && DatabaseRetry.IsItsOwn(e))
        {
            foreach (var item in twins) await queue.FailAsync(lease, item, DatabaseRetry.Reason("Preparing", e), cancellation);
            return null;
        }
    }

    private Task<string?> TextAsync(LeasedItem item, CancellationToken cancellation) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("""
                select body from texts where tenant = @tenant and content_hash = @hash and preparation = @preparation and outcome = 'ok'
                """, connection);
            command.Parameters.AddWithValue("tenant", item.Tenant);
            command.Parameters.AddWithValue("hash", item.ContentHash);
            command.Parameters.AddWithValue("preparation", TextPreparation.Version);
            return (string?)await command.ExecuteScalarAsync(token);
        }, cancellation);

    private Task<HashSet<string>> KnownAsync(
        string tenant, DocumentKind kind, IReadOnlyList<EmbedEntry> entries, CancellationToken cancellation) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = new NpgsqlCommand($"""
                select content_hash from {vectors.Vectors} where tenant = @tenant and kind = @kind and content_hash = any(@hashes)
                """, connection);
            command.Parameters.AddWithValue("tenant", tenant);
            command.Parameters.AddWithValue("kind", kind.Name());
            command.Parameters.AddWithValue("hashes", entries.Select(entry => entry.First.ContentHash).ToArray());
            return await Sql.HashesAsync(command, token);
        }, cancellation);

    /// <summary>
    /// Texts of like length together, up to the budget: a batch then costs what its texts cost, and a crash loses one or two.
    /// </summary>
    private IEnumerable<IReadOnlyList<EmbedEntry>> Batches(IEnumerable<EmbedEntry> entries)
    {
        var batch = new List<EmbedEntry>();
        var characters = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Characters))
        {
            if (batch.Count > 0 && characters + entry.Characters > options.EmbedBatchCharacters)
            {
                yield return batch;
                (batch, characters) = ([], 0);
            }

            batch.Add(entry);
            characters += entry.Characters;
        }

        if (batch.Count > 0) yield return batch;
    }

    /// <summary>A batch that fails is tried again one by one, so that only the item that it failed on fails.</summary>
    private async Task EmbedAsync(Lease lease, IReadOnlyList<EmbedEntry> batch, CancellationToken cancellation)
    {
        try
        {
            await CommitAsync(lease, batch, await EmbedAsync(batch, cancellation), cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && DatabaseRetry.IsItsOwn(e))
        {
            if (batch.Count > 1)
                foreach (var entry in batch) await EmbedAsync(lease, [entry], cancellation);
            else
                foreach (var item in batch[0].Twins) await queue.FailAsync(lease, item, DatabaseRetry.Reason("Embedding", e), cancellation);
        }
    }

    /// <summary>One vector for each entry, under a span for the batch and one in the trace of each item.</summary>
    private async Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<EmbedEntry> batch, CancellationToken cancellation)
    {
        IReadOnlyList<float[]> embedded = [];
        var prepared = PreparedTexts.Join([.. batch.Select(entry => entry.Prepared)]);
        var items = batch.SelectMany(entry => entry.Twins).ToList();
        using var span = ItemTrace.StartBatch(items[0].IngestionId, batch.Count, items.Count);
        await ItemWork.RunAsync(ItemWork.Embed, items, async work =>
        {
            embedded = await embedder.EmbedAsync(prepared, engine, EnginePriority.Background, cancellation);
            work.End(Outcomes.Ok);
        }, span);
        return embedded;
    }

    /// <param name="vectorsOf">One for each entry; null where they are stored already.</param>
    private async Task CommitAsync(
        Lease lease, IReadOnlyList<EmbedEntry> entries, IReadOnlyList<float[]>? vectorsOf, CancellationToken cancellation)
    {
        var items = entries.SelectMany(entry => entry.Twins).ToList();
        await ItemWork.RunAsync(ItemWork.Store, items,
            async work => work.End(Outcomes.Ok, await CommitAsync(lease, entries, vectorsOf, [.. items.Select(item => item.Id)], cancellation)));
    }

    /// <summary>Gives the items whose lease still held.</summary>
    private async Task<IReadOnlyCollection<long>> CommitAsync(
        Lease lease, IReadOnlyList<EmbedEntry> entries, IReadOnlyList<float[]>? vectorsOf, long[] ids, CancellationToken cancellation)
    {
        var ended = new HashSet<long>();
        await database.CommitAsync(async (transaction, token) =>
        {
            await LockDocumentsAsync(transaction, ids, token);
            ended = (await WorkQueue.AdvanceAsync(transaction, lease, ids, ItemStage.Embedded, Outcomes.Ok, null, token)).ToHashSet();
            if (ended.Count == 0) return false;
            if (vectorsOf is not null)
                await vectors.PutAsync(transaction, [.. Held(entries, vectorsOf, ended)], token);
            await PointAsync(transaction, [.. ended], token);
            return true;
        }, cancellation);
        lease.Drop(ids);
        return ended;
    }

    /// <summary>Vectors of entries of which at least one item's lease still held; those of the others are discarded.</summary>
    private static IEnumerable<StoredVector> Held(
        IReadOnlyList<EmbedEntry> entries, IReadOnlyList<float[]> vectorsOf, HashSet<long> ended) =>
        entries.Zip(vectorsOf)
            .Where(pair => pair.First.Twins.Any(item => ended.Contains(item.Id)))
            .Select(pair => new StoredVector(pair.First.First.Tenant, pair.First.First.Kind, pair.First.First.ContentHash, pair.Second));

    /// <summary>
    /// Documents before items, in order, as handing in does: two transactions that wait for each other cost a second and a retry.
    /// </summary>
    private static async Task LockDocumentsAsync(NpgsqlTransaction transaction, long[] items, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("""
            select d.id from documents d where d.id in (select document_id from items where id = any(@items)) order by d.id for update
            """, transaction.Connection, transaction);
        command.Parameters.AddWithValue("items", items);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Never backwards: where a newer version came first, the older one stays history.</summary>
    private static async Task PointAsync(NpgsqlTransaction transaction, long[] items, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("""
            update documents d
            set current_version = i.version, content_hash = i.content_hash, language = coalesce(d.language, t.language), updated_at = now()
            from (
                select distinct on (document_id) document_id, tenant, version, content_hash from items
                where id = any(@items) order by document_id, version desc) i
            left join texts t on t.tenant = i.tenant and t.content_hash = i.content_hash and t.preparation = @preparation
            where d.id = i.document_id and (d.current_version is null or d.current_version < i.version)
            """, transaction.Connection, transaction);
        command.Parameters.AddWithValue("items", items);
        command.Parameters.AddWithValue("preparation", TextPreparation.Version);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task EndAsync(
        Lease lease, IReadOnlyList<LeasedItem> items, ItemStage to, string? outcome, string? detail, CancellationToken cancellation)
    {
        var ids = items.Select(item => item.Id).ToArray();
        await database.CommitAsync(
            async (transaction, token) => (await WorkQueue.AdvanceAsync(transaction, lease, ids, to, outcome, detail, token)).Count > 0,
            cancellation);
        lease.Drop(ids);
    }
}

/// <summary>Items of the same content and kind, with their text cut for the model.</summary>
internal sealed record EmbedEntry(IReadOnlyList<LeasedItem> Twins, PreparedTexts Prepared, int Characters)
{
    public LeasedItem First => Twins[0];
    public string Hash { get; } = Convert.ToHexStringLower(Twins[0].ContentHash);
}

/// <summary>Leased documents ready for the model; disposing it hands back what was not embedded.</summary>
internal sealed record EmbedWork(Lease Lease, IReadOnlyList<EmbedEntry> Entries) : IAsyncDisposable
{
    /// <summary>Nothing else is leased beside it.</summary>
    public bool IsSuspect => Lease.IsSuspect;

    public ValueTask DisposeAsync() => Lease.DisposeAsync();
}
