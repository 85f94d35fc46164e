using System.Runtime.CompilerServices;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Matching;

public enum BulkRankingState { Pending, Running, Done, Cancelled }

/// <summary>A bulk ranking and how far it is; all counts are derived from its jobs.</summary>
/// <param name="Submitted">Every job has been handed in; nothing is ranked before.</param>
/// <param name="Failed">Jobs that could not be ranked; their lines of the result say why.</param>
/// <param name="PerSecond">Jobs ended: over the last half minute while it runs, over all its time once it is done.</param>
/// <param name="RemainingSeconds">At that rate; null where nothing is known.</param>
public sealed record BulkRankingSummary(
    long Id, string Profile, int ProfileVersion, BulkRankingState State, bool Submitted, int Top, RankingMode Mode, long Total, long Ranked, long Failed,
    double PerSecond, double? RemainingSeconds, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt);

/// <summary>
/// Bulk rankings as rows: handed in, looked at, read, stopped, deleted, each by its tenant only. A <see cref="BulkRankingLoop"/>, in this
/// process or another, does the work.
/// </summary>
public sealed class BulkRankingStore(Database database)
{
    /// <summary>Jobs of one bulk ranking.</summary>
    public const long MaxJobs = 1_000_000;

    private const string Operation = "bulk_ranking";
    private const int MaxAttempts = 5;

    // Candidates in the lines read at once from the result: about eight megabytes.
    private const int CandidatesAtOnce = 50_000;
    private const int LinesAtOnce = 500;

    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(10);

    private const string Summary = """
        select b.id, p.name, p.version, b.state, b.submitted, b.settings::text, c.total, c.ranked, c.failed, c.recent,
            extract(epoch from coalesce(b.finished_at, now()) - b.started_at)::float8, b.created_at, b.finished_at
        from bulk_rankings b
        join profile_versions p on p.id = b.profile_version_id
        cross join lateral (
            select count(*) as total, count(line) as ranked, count(problem) as failed, count(*) filter (where ended_at > now() - interval '30 s') as recent
            from bulk_ranking_jobs where bulk_ranking_id = b.id) c
        """;

    private readonly NpgsqlDataSource _source = database.Source;

    /// <summary>Hands in every current job that is stored. Returns the bulk ranking's id.</summary>
    /// <param name="settings">Top, mode, exact, filter and tenant.</param>
    /// <param name="key">Records that it stands for this bulk ranking.</param>
    /// <exception cref="ArgumentException">Settings that contradict themselves.</exception>
    public async Task<long> SubmitStoredAsync(ProfileVersion profile, RankingRequest settings, KeyHold? key = null, CancellationToken cancellation = default)
    {
        var id = 0L;
        await CommitAsync(async (transaction, token) =>
        {
            id = await CreateAsync(transaction, profile, settings, token);
            await transaction.ExecuteAsync("""
                insert into bulk_ranking_jobs (bulk_ranking_id, position, name, document_id)
                select $1, row_number() over (order by id), external_id, id
                from documents where tenant = $2 and kind = 'job' and current_version is not null
                """, token, id, settings.Tenant);
            await SubmittedAsync(transaction, id, key, token);
        }, cancellation);
        return id;
    }

    /// <summary>
    /// Hands in the jobs as they come, in batches; nothing is ranked before the last is in, and nothing is left where they break off.
    /// </summary>
    /// <inheritdoc cref="SubmitStoredAsync"/>
    public async Task<long> SubmitAsync(
        ProfileVersion profile, RankingRequest settings, IAsyncEnumerable<BulkJob> jobs, KeyHold? key = null, CancellationToken cancellation = default)
    {
        await RemoveAbandonedAsync(cancellation);
        var id = 0L;
        await CommitAsync(async (transaction, token) => id = await CreateAsync(transaction, profile, settings, token), cancellation);
        try
        {
            var position = 0L;
            await foreach (var chunk in jobs.Chunk(BulkBatch.Size).WithCancellation(cancellation))
            {
                await AddAsync(id, position, chunk, cancellation);
                position += chunk.Length;
                if (position > MaxJobs) throw new ArgumentException($"A bulk ranking takes at most {MaxJobs:N0} jobs: send them in several.");
            }

            if (position == 0) throw new ArgumentException("There is no job among what was sent: send lines {\"id\": \"...\", \"text\": \"...\"}.");
            await CommitAsync((transaction, token) => SubmittedAsync(transaction, id, key, token), cancellation);
        }
        catch
        {
            await ForgetAsync(id);
            throw;
        }

        return id;
    }

    private static async Task<long> CreateAsync(NpgsqlTransaction transaction, ProfileVersion profile, RankingRequest settings, CancellationToken cancellation)
    {
        (settings with { Text = "a job's" }).Check(profile.Profile.Dimension);
        var json = new NpgsqlParameter { Value = JsonSerializer.Serialize(settings), NpgsqlDbType = NpgsqlDbType.Jsonb };
        return (long)(await transaction.ScalarAsync(
            "insert into bulk_rankings (tenant, profile_version_id, settings) values ($1, $2, $3) returning id", cancellation,
            settings.Tenant, profile.Id, json))!;
    }

    private static async Task SubmittedAsync(NpgsqlTransaction transaction, long id, KeyHold? key, CancellationToken cancellation)
    {
        await transaction.ExecuteAsync("update bulk_rankings set submitted = true, touched_at = now() where id = $1", cancellation, id);
        if (key is not null) await key.CompleteAsync(transaction, id, cancellation);
    }

    private Task AddAsync(long id, long position, BulkJob[] jobs, CancellationToken cancellation) => CommitAsync(async (transaction, token) =>
    {
        await transaction.ExecuteAsync("""
            insert into bulk_ranking_jobs (bulk_ranking_id, position, name, text)
            select $1, $2 + row, name, text from unnest($3::text[], $4::text[]) with ordinality as jobs (name, text, row)
            on conflict do nothing
            """, token, id, position, jobs.Select(job => job.Id).ToArray(), jobs.Select(job => job.Text).ToArray());
        await transaction.ExecuteAsync("update bulk_rankings set touched_at = now() where id = $1", token, id);
    }, cancellation);

    /// <summary>What a submission left that was cut off, where the database can be told in time; otherwise it is removed as abandoned.</summary>
    private async Task ForgetAsync(long id)
    {
        using var farewell = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await CommitAsync((transaction, token) =>
                transaction.ExecuteAsync("delete from bulk_rankings where id = $1 and not submitted", token, id), farewell.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // The failure that led here is the one to tell.
        }
    }

    private Task RemoveAbandonedAsync(CancellationToken cancellation) => CommitAsync((transaction, token) => transaction.ExecuteAsync(
        "delete from bulk_rankings where not submitted and touched_at < now() - $1", token, AbandonedAfter), cancellation);

    /// <summary>Null where the tenant has none of this id.</summary>
    public async Task<BulkRankingSummary?> FindAsync(string tenant, long id, CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand($"{Summary} where b.tenant = $1 and b.id = $2");
        foreach (var value in new object[] { tenant, id }) command.Parameters.Add(new() { Value = value });
        return (await ReadAsync(command, cancellation)).SingleOrDefault();
    }

    /// <summary>Newest first.</summary>
    /// <param name="after">Only older ones than this: the last id of the page before.</param>
    public async Task<IReadOnlyList<BulkRankingSummary>> ListAsync(
        string tenant, long? after = null, int limit = 100, CancellationToken cancellation = default)
    {
        await using var command = _source.CreateCommand($"{Summary} where b.tenant = $1 and b.id < $2 order by b.id desc limit $3");
        foreach (var value in new object[] { tenant, after ?? long.MaxValue, limit }) command.Parameters.Add(new() { Value = value });
        return await ReadAsync(command, cancellation);
    }

    /// <summary>
    /// The lines that are there, in the order of the jobs: as <see cref="BulkRanking"/> writes them, or job and problem. Read in pages,
    /// so that a slow reader holds no connection and few lines.
    /// </summary>
    public async IAsyncEnumerable<string> LinesAsync(BulkRankingSummary ranking, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var page = Math.Clamp(CandidatesAtOnce / ranking.Top, 1, LinesAtOnce);
        for (var position = 0L; ;)
        {
            var lines = await PageAsync(ranking.Id, position, page, cancellation);
            foreach (var (_, line) in lines) yield return line;
            if (lines.Count < page) yield break;
            position = lines[^1].Position;
        }
    }

    private async Task<List<(long Position, string Line)>> PageAsync(long id, long after, int limit, CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand("""
            select position, line, name, problem from bulk_ranking_jobs
            where bulk_ranking_id = $1 and position > $2 and ended_at is not null order by position limit $3
            """);
        foreach (var value in new object[] { id, after, limit }) command.Parameters.Add(new() { Value = value });
        var lines = new List<(long, string)>(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            lines.Add((reader.GetInt64(0), reader.IsDBNull(1) ? RankingLog.ProblemLine(reader.GetString(2), reader.GetString(3)) : reader.GetString(1)));
        return lines;
    }

    /// <summary>Stops it; what is ranked stays. False where it had ended already.</summary>
    public async Task<bool> CancelAsync(string tenant, long id, CancellationToken cancellation = default)
    {
        var cancelled = false;
        await CommitAsync(async (transaction, token) =>
        {
            cancelled = await transaction.ScalarAsync("""
                update bulk_rankings set state = 'cancelled', finished_at = now()
                where tenant = $1 and id = $2 and state in ('pending', 'running') and submitted returning id
                """, token, tenant, id) is not null;

            // Whoever ranks some of them now finds its lease gone.
            if (cancelled)
                await transaction.ExecuteAsync(
                    "update bulk_ranking_jobs set lease_token = null, lease_until = null where bulk_ranking_id = $1 and lease_token is not null", token, id);
        }, cancellation);
        return cancelled;
    }

    /// <summary>With all its lines, whatever its state; false where the tenant has none of this id.</summary>
    public async Task<bool> DeleteAsync(string tenant, long id, CancellationToken cancellation = default)
    {
        var deleted = false;
        await CommitAsync(async (transaction, token) => deleted = await transaction.ScalarAsync(
            "delete from bulk_rankings where tenant = $1 and id = $2 and submitted returning id", token, tenant, id) is not null, cancellation);
        return deleted;
    }

    /// <summary>Takes an idempotency key for a submission with these settings.</summary>
    /// <param name="kind">What is handed in besides: stored jobs or lines.</param>
    /// <inheritdoc cref="IdempotencyKeys.TakeAsync" path="/exception"/>
    public static Task<KeyHold> TakeAsync(
        IdempotencyKeys keys, string key, string profile, RankingRequest settings, string kind, CancellationToken cancellation = default) =>
        keys.TakeAsync(settings.Tenant, key, Operation, $"{kind} {profile} {JsonSerializer.Serialize(settings)}", cancellation);

    /// <summary>A worker that stores lines of the same bulk ranking may have taken its rows in another order.</summary>
    private async Task CommitAsync(Func<NpgsqlTransaction, CancellationToken, Task> work, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(cancellation);
                await using var transaction = await connection.BeginTransactionAsync(cancellation);
                await work(transaction, cancellation);
                await transaction.CommitAsync(cancellation);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < MaxAttempts)
            {
                // Nothing was changed.
            }
        }
    }

    private static async Task<List<BulkRankingSummary>> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        var summaries = new List<BulkRankingSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) summaries.Add(Read(reader));
        return summaries;
    }

    private static BulkRankingSummary Read(NpgsqlDataReader row)
    {
        var state = Enum.Parse<BulkRankingState>(row.GetString(3), ignoreCase: true);
        var settings = Settings(row.GetString(5));
        var (total, ranked, failed, recent) = (row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9));
        var seconds = row.IsDBNull(10) ? 0 : row.GetDouble(10);
        var running = state is BulkRankingState.Pending or BulkRankingState.Running;
        var perSecond = seconds <= 0 ? 0 : running ? recent / Math.Clamp(seconds, 1, 30) : (ranked + failed) / seconds;
        double? remaining = !running ? 0 : perSecond > 0 ? (total - ranked - failed) / perSecond : null;
        return new BulkRankingSummary(row.GetInt64(0), row.GetString(1), row.GetInt32(2), state, row.GetBoolean(4), settings.Top, settings.Mode,
            total, ranked, failed, Math.Round(perSecond, 3), remaining is { } left ? Math.Round(left, 1) : null,
            row.GetFieldValue<DateTimeOffset>(11), row.IsDBNull(12) ? null : row.GetFieldValue<DateTimeOffset>(12));
    }

    internal static RankingRequest Settings(string json) => JsonSerializer.Deserialize<RankingRequest>(json)!;
}
