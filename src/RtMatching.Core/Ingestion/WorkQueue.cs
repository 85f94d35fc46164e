using System.Collections.Concurrent;
using System.Diagnostics;
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
    /// Failed attempts after which an item comes alone. The first one says little: whatever stops a worker takes up to a few batches along,
    /// of which one item at most is guilty, and to try each of hundreds alone costs a batch's overhead a hundred times over. What was there
    /// both times is worth that. The last attempt is always alone, or the innocent would end as dead letters beside the guilty.
    /// </summary>
    private readonly int _suspectAfter = Math.Clamp(options.MaxAttempts - 1, 1, 2);

    /// <summary>
    /// Leases up to <paramref name="max"/> items that wait at <paramref name="stage"/>, in order; null where there are none. An item
    /// that has failed more than once comes alone, so that one that kills its worker ends as a dead letter without taking others along.
    /// </summary>
    public async Task<Lease?> ClaimAsync(ItemStage stage, long ingestionId, int max, CancellationToken cancellation) =>
        (await ClaimAsync(stage, ingestionId, [max], onlyFirst: true, cancellation)).SingleOrDefault();

    /// <summary>
    /// Leases as many waiting items as fill batches of the given sizes, each batch under a token of its own, in one statement. Items that
    /// have failed more than once come in batches of one, at most as many as there are sizes.
    /// </summary>
    public Task<IReadOnlyList<Lease>> ClaimManyAsync(
        ItemStage stage, long ingestionId, IReadOnlyList<int> sizes, CancellationToken cancellation) =>
        ClaimAsync(stage, ingestionId, sizes, onlyFirst: false, cancellation);

    private async Task<IReadOnlyList<Lease>> ClaimAsync(
        ItemStage stage, long ingestionId, IReadOnlyList<int> sizes, bool onlyFirst, CancellationToken cancellation)
    {
        Guid[] tokens = [.. sizes.Select(_ => Guid.NewGuid())];
        Guid[] alone = [.. sizes.Select(_ => Guid.NewGuid())];
        var asked = Stopwatch.GetTimestamp();
        Guid[] all = [.. tokens, .. alone];
        var isAgain = false;
        try
        {
            var claimed = await database.RunAsync(async (connection, token) =>
            {
                // The connection broke the last time: what was claimed, if it was, is nobody's.
                await using var back = Sql.Command(connection, HandBackSql(OfTokens), new NpgsqlParameter("tokens", all));
                if (isAgain) await back.ExecuteNonQueryAsync(token);
                isAgain = true;
                await using var command = Sql.Command(connection, ClaimSql, new("stage", Sql.Name(stage)), new("ingestion", ingestionId),
                    new("max", sizes.Sum()), new("starts", Starts(sizes)), new("tokens", tokens), new("alone", alone), new("first", onlyFirst),
                    new("suspect", _suspectAfter), new("lease", options.Lease));
                return await LeasedAsync(command, token);
            }, cancellation);
            return [.. claimed.GroupBy(leased => leased.Token, leased => leased.Item)
                .Select(batch => Keep(new Lease(this, batch.Key, stage, [.. batch], asked, IsSuspect([.. batch]))))];
        }
        catch (OperationCanceledException)
        {
            // It may have been committed before it was cancelled.
            await HandBackAsync(OfTokens, new NpgsqlParameter("tokens", all));
            throw;
        }
    }

    private const string ClaimSql = """
        with waiting as (
            select i.id, i.attempts, i.not_before
            from items i join ingestions n on n.id = i.ingestion_id
            where i.stage = @stage and i.not_before <= now() and i.lease_token is null
                and i.ingestion_id = @ingestion and n.state in ('pending', 'running')
            order by i.not_before, i.id
            limit @max
            for update of i skip locked),
        cut as (
            select id, attempts >= @suspect as suspect,
                row_number() over (partition by attempts >= @suspect order by not_before, id) as number,
                first_value(attempts >= @suspect) over (order by not_before, id) as suspect_first
            from waiting),
        claimed as (
            update items i
            set lease_token = case when c.suspect then (@alone)[c.number] else (@tokens)[width_bucket(c.number, @starts)] end,
                lease_until = now() + @lease, attempts = i.attempts + 1
            from cut c
            where i.id = c.id and (not c.suspect or c.number <= cardinality(@alone)) and (not @first or c.suspect = c.suspect_first)
            returning i.id, i.ingestion_id, i.tenant, i.content_hash, i.attempts, i.trace_parent, i.lease_token, i.lease_until)
        select c.id, c.ingestion_id, c.tenant, n.kind, c.content_hash, c.attempts, c.trace_parent, c.lease_token, c.lease_until - now()
        from claimed c join ingestions n on n.id = c.ingestion_id
        order by c.id
        """;

    /// <summary>The number of each batch's first item, from 1.</summary>
    private static long[] Starts(IReadOnlyList<int> sizes)
    {
        var starts = new long[sizes.Count];
        for (var i = 0; i < starts.Length; i++) starts[i] = i == 0 ? 1 : starts[i - 1] + sizes[i - 1];
        return starts;
    }

    private static async Task<List<(LeasedItem Item, Guid Token, TimeSpan Left)>> LeasedAsync(
        NpgsqlCommand command, CancellationToken cancellation)
    {
        var leased = new List<(LeasedItem, Guid, TimeSpan)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            leased.Add((new LeasedItem(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2),
                Enum.Parse<DocumentKind>(reader.GetString(3), ignoreCase: true), (byte[])reader[4], reader.GetInt32(5))
            {
                TraceParent = reader.IsDBNull(6) ? null : reader.GetString(6),
            }, reader.GetGuid(7), reader.GetTimeSpan(8)));
        return leased;
    }

    private bool IsSuspect(IReadOnlyList<LeasedItem> items) => items.Any(item => item.Attempts > _suspectAfter);

    /// <summary>
    /// Takes over what a batch's token still holds, from the process that claimed it: renewed from here on. Null where it holds nothing any
    /// more: its items were ended, handed back, or given to another.
    /// </summary>
    public async Task<Lease?> AdoptAsync(ItemBatch batch, CancellationToken cancellation)
    {
        var held = await database.RunAsync(async (connection, token) =>
        {
            await using var command = Sql.Command(connection, """
                select i.id, i.ingestion_id, i.tenant, n.kind, i.content_hash, i.attempts, i.trace_parent, i.lease_token, i.lease_until - now()
                from items i join ingestions n on n.id = i.ingestion_id
                where i.id = any(@ids) and i.lease_token = @token and i.stage = @stage
                    and n.id = @ingestion and n.profile_version_id = @profile
                order by i.id
                """, new("ids", batch.Items.ToArray()), new("token", batch.Token), new("stage", Sql.Name(batch.Stage)),
                new("ingestion", batch.IngestionId), new("profile", batch.ProfileVersionId));
            return await LeasedAsync(command, token);
        }, cancellation);
        if (held.Count == 0) return null;
        var age = options.Lease - held.Min(leased => leased.Left);
        var since = Stopwatch.GetTimestamp() - (long)(age.TotalSeconds * Stopwatch.Frequency);
        IReadOnlyList<LeasedItem> items = [.. held.Select(leased => leased.Item)];
        return Keep(new Lease(this, batch.Token, batch.Stage, items, since, IsSuspect(items)));
    }

    /// <summary>Renewed from here on, as long as it is held.</summary>
    public Lease Keep(Lease lease) => _leases[lease.Token] = lease;

    /// <summary>Left to whoever has the token: neither renewed nor handed back from here.</summary>
    public void Leave(Lease lease) => _leases.TryRemove(lease.Token, out _);

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
    public Task<int> ReapAsync(CancellationToken cancellation) => ReclaimAsync("lease_until < now()", cancellation);

    /// <summary>
    /// Takes what it still holds from a worker that is known to be lost, before the lease runs out; what that one may still store is
    /// refused. The attempt stays counted, as when it is reaped.
    /// </summary>
    /// <returns>How many.</returns>
    public Task<int> ReleaseAsync(Lease lease, CancellationToken cancellation)
    {
        Leave(lease);
        return ReclaimAsync("id = any(@ids) and lease_token = @token", cancellation, new("ids", lease.Held), new("token", lease.Token));
    }

    private async Task<int> ReclaimAsync(string which, CancellationToken cancellation, params NpgsqlParameter[] parameters)
    {
        const string Silent = "Its worker stopped without a word, each time: it may be what stops it.";
        var reclaimed = await database.RunAsync((connection, token) => ReclaimAsync(connection, which, parameters, Silent, token), cancellation);
        IngestionSignals.CountReclaimed(reclaimed.Count);
        foreach (var (item, stage) in reclaimed)
        {
            ItemTrace.Tell("reclaim item", item, () => options.Logger.LeaseReclaimed(item.Id, item.IngestionId, item.Attempts));
            if (item.Attempts >= options.MaxAttempts) TellDead(item, stage, Silent);
        }

        return reclaimed.Count;
    }

    private async Task<List<(LeasedItem Item, ItemStage Stage)>> ReclaimAsync(
        NpgsqlConnection connection, string which, NpgsqlParameter[] parameters, string reason, CancellationToken cancellation)
    {
        // The stage before: a dead letter's tells no more what its worker died of.
        await using var command = Sql.Command(connection, $"""
            with lost as (
                select id, stage from items where {which} and stage in ('queued', 'parsed') for update skip locked)
            update items i
            set {Ended}
            from lost l
            where i.id = l.id
            returning i.id, i.ingestion_id, i.tenant, i.content_hash, i.attempts, i.trace_parent, l.stage
            """, [.. parameters, new("reason", reason), new("max", options.MaxAttempts), new("backoff", options.Backoff)]);
        var reclaimed = new List<(LeasedItem, ItemStage)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            reclaimed.Add((new LeasedItem(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), default, (byte[])reader[3], reader.GetInt32(4))
            {
                TraceParent = reader.IsDBNull(5) ? null : reader.GetString(5),
            }, Enum.Parse<ItemStage>(reader.GetString(6), ignoreCase: true)));
        return reclaimed;
    }

    // The pause is spread over half to one and a half, so that items that failed together do not come back together.
    private const string Ended = """
        stage = case when i.attempts >= @max then 'dead' else i.stage end,
        detail = case when i.attempts >= @max then @reason else i.detail end,
        not_before = now() + @backoff * power(2, least(i.attempts, 8) - 1) * (0.5 + random()),
        lease_token = null, lease_until = null, updated_at = now()
        """;

    /// <summary>
    /// Prolongs the leases that this queue holds and that a third of their time has passed of; called in the background at a tenth of it. Most
    /// batches are done before, so that their rows are not written for it.
    /// </summary>
    public Task RenewAsync(CancellationToken cancellation) =>
        RenewAsync([.. _leases.Values.Where(lease => lease.Age > options.Lease / 3)], cancellation);

    /// <summary>Prolongs them in one statement, and drops from them what they do not hold any more.</summary>
    public async Task RenewAsync(IReadOnlyList<Lease> leases, CancellationToken cancellation)
    {
        var held = leases.SelectMany(lease => lease.Held.Select(id => (Id: id, lease.Token))).ToList();
        if (held.Count == 0) return;
        var asked = Stopwatch.GetTimestamp();

        // A row that a transaction has locked is being ended: waiting for it, with others locked already, could be a deadlock.
        var still = await database.RunAsync(async (connection, token) =>
        {
            await using var command = Sql.Command(connection, """
                with held as (
                    select i.id from items i join unnest(@ids, @tokens) as l (id, token) on i.id = l.id and i.lease_token = l.token),
                free as (
                    select i.id from items i join unnest(@ids, @tokens) as l (id, token) on i.id = l.id and i.lease_token = l.token
                    for update of i skip locked),
                renewed as (update items i set lease_until = now() + @lease from free where i.id = free.id)
                select id from held
                """, new("ids", held.Select(one => one.Id).ToArray()), new("tokens", held.Select(one => one.Token).ToArray()),
                new("lease", options.Lease));
            return (await Sql.LongsAsync(command, token)).ToHashSet();
        }, cancellation);
        foreach (var lease in leases) lease.Renewed(asked, still);
    }

    /// <summary>At once, without counting the attempt. Where the database cannot be told, the leases run out by themselves.</summary>
    public ValueTask HandBackAsync(params IReadOnlyList<Lease> leases)
    {
        foreach (var lease in leases) Leave(lease);
        var held = leases.SelectMany(lease => lease.Held).ToArray();
        return held.Length == 0
            ? ValueTask.CompletedTask
            : HandBackAsync("id = any(@ids) and lease_token = any(@tokens)",
                new("ids", held), new("tokens", leases.Select(lease => lease.Token).ToArray()));
    }

    // Through the index of what is leased: there is none on tokens.
    private const string OfTokens = "lease_token = any(@tokens) and lease_until is not null";

    private static string HandBackSql(string which) =>
        $"update items set lease_token = null, lease_until = null, attempts = greatest(attempts - 1, 0) where {which}";

    private async ValueTask HandBackAsync(string which, params NpgsqlParameter[] parameters)
    {
        using var farewell = new CancellationTokenSource(FarewellPatience);
        try
        {
            await database.ExecuteAsync(HandBackSql(which), farewell.Token, parameters);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Nothing is lost: the leases run out, and then the items are reaped.
        }
    }
}
