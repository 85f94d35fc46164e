using System.Collections.Concurrent;
using Npgsql;
using RtMatching.Core.Profiles;
using RtMatching.Core.Telemetry;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// The queue's items under leases: claim, commit, then work; end an item only while the token still holds. At least once, so whatever is
/// done for an item must be idempotent.
/// </summary>
internal sealed class WorkQueue(DatabaseRetry database, IngestionOptions options)
{
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, Lease> _leases = new();

    /// <summary>
    /// Leases up to <paramref name="max"/> items that wait at <paramref name="stage"/>, in order; null where there are none. An item
    /// that has failed before comes alone, so that one that kills its worker ends as a dead letter without taking others along.
    /// </summary>
    public Task<Lease?> ClaimAsync(ItemStage stage, long ingestionId, int max, CancellationToken cancellation) =>
        database.RunAsync(async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("""
                with waiting as (
                    select i.id, i.attempts, i.not_before
                    from items i join ingestions n on n.id = i.ingestion_id
                    where i.stage = @stage and i.not_before <= now() and i.lease_token is null
                        and i.ingestion_id = @ingestion and n.state in ('pending', 'running')
                    order by i.not_before, i.id
                    limit @max
                    for update of i skip locked),
                first as (select id, attempts from waiting order by not_before, id limit 1),
                claimed as (
                    update items i
                    set lease_token = @token, lease_until = now() + @lease, attempts = i.attempts + 1
                    from waiting w, first f
                    where i.id = w.id and case when f.attempts > 0 then w.id = f.id else w.attempts = 0 end
                    returning i.id, i.ingestion_id, i.tenant, i.content_hash, i.attempts, i.trace_parent)
                select c.id, c.ingestion_id, c.tenant, n.kind, c.content_hash, c.attempts, c.trace_parent
                from claimed c join ingestions n on n.id = c.ingestion_id
                order by c.id
                """, connection);
            var lease = Guid.NewGuid();
            command.Parameters.AddWithValue("stage", Sql.Name(stage));
            command.Parameters.AddWithValue("ingestion", ingestionId);
            command.Parameters.AddWithValue("max", max);
            command.Parameters.AddWithValue("token", lease);
            command.Parameters.AddWithValue("lease", options.Lease);
            var items = new List<LeasedItem>();
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
                items.Add(new LeasedItem(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2),
                    Enum.Parse<DocumentKind>(reader.GetString(3), ignoreCase: true), (byte[])reader[4], reader.GetInt32(5))
                {
                    TraceParent = reader.IsDBNull(6) ? null : reader.GetString(6),
                });
            return items.Count == 0 ? null : Keep(new Lease(this, lease, stage, items));
        }, cancellation);

    private Lease Keep(Lease lease) => _leases[lease.Token] = lease;

    /// <summary>
    /// Ends the lease of <paramref name="ids"/> inside the transaction that stores their result, which must be rolled back for ids that are
    /// not given back: their lease was lost, and somebody else's result counts.
    /// </summary>
    public static async Task<IReadOnlyList<long>> AdvanceAsync(
        NpgsqlTransaction transaction, Lease lease, IReadOnlyList<long> ids, ItemStage to, string? outcome, string? detail,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("""
            update items
            set stage = @to, outcome = coalesce(@outcome, outcome), detail = @detail, attempts = 0, not_before = now(),
                lease_token = null, lease_until = null, updated_at = now()
            where id = any(@ids) and lease_token = @token and stage = @from
            returning id
            """, transaction.Connection, transaction);
        command.Parameters.AddWithValue("ids", ids);
        command.Parameters.AddWithValue("token", lease.Token);
        command.Parameters.AddWithValue("from", Sql.Name(lease.Stage));
        command.Parameters.AddWithValue("to", Sql.Name(to));
        command.Parameters.Add(Sql.Text("outcome", outcome));
        command.Parameters.Add(Sql.Text("detail", detail));
        return await Sql.LongsAsync(command, cancellation);
    }

    /// <summary>The attempt failed: the item waits for its next one, longer each time, or is dead after the last.</summary>
    /// <param name="reason">For a person; never a piece of the document.</param>
    public async Task FailAsync(Lease lease, LeasedItem item, string reason, CancellationToken cancellation)
    {
        var held = await database.ExecuteAsync($"""
            update items i
            set {Ended}
            where id = @id and lease_token = @token
            """, cancellation,
            new("id", item.Id), new("token", lease.Token), new("reason", reason),
            new("max", options.MaxAttempts), new("backoff", options.Backoff));
        lease.Drop([item.Id]);
        if (held == 0) return;
        if (item.Attempts >= options.MaxAttempts) TellDead(item, lease.Stage, reason);
        else options.Logger.ItemFailed(item.Id, item.IngestionId, item.Attempts, reason);
    }

    private void TellDead(LeasedItem item, ItemStage stage, string reason)
    {
        IngestionSignals.CountDead(stage);
        ItemTrace.Tell("give up item", item, () => options.Logger.ItemDead(item.Id, item.IngestionId, item.Attempts, reason));
    }

    /// <summary>
    /// Takes items from workers that went silent. They keep their count of attempts: a worker that died may have died of its item.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> ReapAsync(CancellationToken cancellation)
    {
        const string Silent = "Its worker stopped without a word, each time: it may be what stops it.";
        var reaped = await database.RunAsync((connection, token) => ReapAsync(connection, Silent, token), cancellation);
        IngestionSignals.CountReclaimed(reaped.Count);
        foreach (var (item, stage) in reaped)
        {
            ItemTrace.Tell("reclaim item", item, () => options.Logger.LeaseReclaimed(item.Id, item.IngestionId, item.Attempts));
            if (item.Attempts >= options.MaxAttempts) TellDead(item, stage, Silent);
        }

        return reaped.Count;
    }

    private async Task<List<(LeasedItem Item, ItemStage Stage)>> ReapAsync(NpgsqlConnection connection, string reason, CancellationToken cancellation)
    {
        // The stage before: a dead letter's tells no more what its worker died of.
        await using var command = new NpgsqlCommand($"""
            with expired as (
                select id, stage from items where lease_until < now() and stage in ('queued', 'parsed') for update skip locked)
            update items i
            set {Ended}
            from expired e
            where i.id = e.id
            returning i.id, i.ingestion_id, i.tenant, i.content_hash, i.attempts, i.trace_parent, e.stage
            """, connection);
        command.Parameters.AddWithValue("reason", reason);
        command.Parameters.AddWithValue("max", options.MaxAttempts);
        command.Parameters.AddWithValue("backoff", options.Backoff);
        var reaped = new List<(LeasedItem, ItemStage)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            reaped.Add((new LeasedItem(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), default, (byte[])reader[3], reader.GetInt32(4))
            {
                TraceParent = reader.IsDBNull(5) ? null : reader.GetString(5),
            }, Enum.Parse<ItemStage>(reader.GetString(6), ignoreCase: true)));
        return reaped;
    }

    // The pause is spread over half to one and a half, so that items that failed together do not come back together.
    private const string Ended = """
        stage = case when i.attempts >= @max then 'dead' else i.stage end,
        detail = case when i.attempts >= @max then @reason else i.detail end,
        not_before = now() + @backoff * power(2, least(i.attempts, 8) - 1) * (0.5 + random()),
        lease_token = null, lease_until = null, updated_at = now()
        """;

    /// <summary>Prolongs every lease that this queue holds; called in the background at a fraction of the lease's time.</summary>
    public async Task RenewAsync(CancellationToken cancellation)
    {
        foreach (var lease in _leases.Values)
            await database.ExecuteAsync(
                "update items set lease_until = now() + @lease where id = any(@ids) and lease_token = @token", cancellation,
                new("ids", lease.Held), new("token", lease.Token), new("lease", options.Lease));
    }

    /// <summary>At once, without counting the attempt. Where the database cannot be told, the lease runs out by itself.</summary>
    internal async ValueTask HandBackAsync(Lease lease)
    {
        _leases.TryRemove(lease.Token, out _);
        if (lease.Held is not { Length: > 0 } held) return;
        using var farewell = new CancellationTokenSource(FarewellPatience);
        try
        {
            await database.ExecuteAsync("""
                update items set lease_token = null, lease_until = null, attempts = greatest(attempts - 1, 0)
                where id = any(@ids) and lease_token = @token
                """, farewell.Token, new("ids", held), new("token", lease.Token));
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Nothing is lost: the lease runs out, and then the items are reaped.
        }
    }
}
