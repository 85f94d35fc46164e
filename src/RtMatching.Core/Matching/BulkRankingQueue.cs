using Npgsql;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Matching;

/// <summary>How bulk rankings are worked on.</summary>
public sealed record BulkRankingOptions
{
    /// <summary>How long a worker that went silent keeps its jobs. Renewed at a tenth of it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Of one job; after so many its line tells the problem.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Before the second attempt; doubles with each further one.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often an idle worker looks for jobs that it was not told of: another process's, or those of one that died.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Jobs that a dispatch has ranked at once, all workers together.</summary>
    public int InFlight { get; init; } = 64;

    /// <summary>How long a result is kept after its end: it names candidates, also those that have been deleted since.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromDays(7);
}

/// <param name="Attempts">This one counted.</param>
internal sealed record LeasedJob(long Position, BulkJob Job, int Attempts);

/// <summary>Jobs of one bulk ranking, held by one token.</summary>
internal sealed record JobLease(long BulkRankingId, Guid Token, long ProfileVersionId, RankingRequest Settings, IReadOnlyList<LeasedJob> Jobs);

/// <summary>The jobs of bulk rankings under leases: a line is stored only while the lease holds.</summary>
internal sealed class BulkRankingQueue(DatabaseRetry database, BulkRankingOptions options)
{
    /// <summary>The problem of a job whose workers all went away with it.</summary>
    public const string Silent = "Its worker stopped without a word, each time: it may be what stops it.";

    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(5);

    /// <summary>Bulk rankings with work to do or to be ended, the oldest first.</summary>
    public Task<IReadOnlyList<long>> OpenAsync(CancellationToken cancellation) => database.RunAsync(async (connection, token) =>
    {
        await using var command = new NpgsqlCommand("""
            select b.id from bulk_rankings b
            where b.state in ('pending', 'running') and b.submitted and (
                exists (select 1 from bulk_ranking_jobs j where j.bulk_ranking_id = b.id and j.ended_at is null
                    and j.not_before <= now() and (j.lease_until is null or j.lease_until < now()))
                or not exists (select 1 from bulk_ranking_jobs j where j.bulk_ranking_id = b.id and j.ended_at is null))
            order by b.id
            """, connection);
        return await Sql.LongsAsync(command, token);
    }, cancellation);

    /// <summary>
    /// Leases up to <paramref name="max"/> waiting jobs, in order; null where there are none. One that has failed before, or whose worker
    /// fell silent, comes alone, so that a job that kills its worker takes no other along.
    /// </summary>
    public async Task<JobLease?> ClaimAsync(long id, int max, CancellationToken cancellation)
    {
        var token = Guid.NewGuid();
        try
        {
            return await database.RunAsync((connection, stop) => ClaimAsync(connection, id, max, token, stop), cancellation);
        }
        catch
        {
            await HandBackAsync(id, token);     // it may have been committed all the same
            throw;
        }
    }

    private async Task<JobLease?> ClaimAsync(NpgsqlConnection connection, long id, int max, Guid lease, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await BeginAsync(transaction, id, cancellation) is not { } ranking) return null;
        await EndSilentAsync(transaction, id, cancellation);
        var jobs = await ClaimAsync(transaction, id, max, lease, cancellation);
        await transaction.CommitAsync(cancellation);
        return jobs.Count == 0 ? null : new JobLease(id, lease, ranking.Version, ranking.Settings, jobs);
    }

    /// <summary>Those whose worker stopped without a word for the last time that is allowed.</summary>
    private async Task EndSilentAsync(NpgsqlTransaction transaction, long id, CancellationToken cancellation)
    {
        await using var command = Sql.Command(transaction.Connection!, """
            update bulk_ranking_jobs set ended_at = now(), lease_token = null, lease_until = null, text = null,
                problem = @problem
            where bulk_ranking_id = @id and ended_at is null and lease_until < now() and attempts >= @max
            """, new("id", id), new("max", options.MaxAttempts), new("problem", Silent));
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<List<LeasedJob>> ClaimAsync(NpgsqlTransaction transaction, long id, int max, Guid lease, CancellationToken cancellation)
    {
        await using var command = Sql.Command(transaction.Connection!, """
            with waiting as (
                select position, attempts from bulk_ranking_jobs
                where bulk_ranking_id = @id and ended_at is null and not_before <= now() and (lease_until is null or lease_until < now())
                order by position limit @max for update skip locked),
            first as (select position, attempts from waiting order by position limit 1),
            claimed as (
                update bulk_ranking_jobs j
                set lease_token = @token, lease_until = now() + @lease, attempts = j.attempts + 1
                from waiting w, first f
                where j.bulk_ranking_id = @id and j.position = w.position
                    and case when f.attempts > 0 then w.position = f.position else w.attempts = 0 end
                returning j.position, j.name, j.text, j.document_id, j.attempts)
            select * from claimed order by position
            """, new("id", id), new("max", max), new("token", lease), new("lease", options.Lease));
        var jobs = new List<LeasedJob>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) jobs.Add(Job(reader));
        return jobs;
    }

    /// <summary>Of position, name, text, document_id, attempts.</summary>
    private static LeasedJob Job(NpgsqlDataReader reader)
    {
        var job = new BulkJob(reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetInt64(3));
        return new LeasedJob(reader.GetInt64(0), job, reader.GetInt32(4));
    }

    /// <summary>The one job of a ticket; null where the token does not hold it any more.</summary>
    public Task<JobLease?> FindAsync(LeasedJobTicket ticket, CancellationToken cancellation) => database.RunAsync(async (connection, token) =>
    {
        await using var command = Sql.Command(connection, """
            select j.position, j.name, j.text, j.document_id, j.attempts, b.profile_version_id, b.settings::text
            from bulk_ranking_jobs j join bulk_rankings b on b.id = j.bulk_ranking_id
            where j.bulk_ranking_id = @id and j.position = @position and j.lease_token = @token and j.ended_at is null
            """, new("id", ticket.BulkRankingId), new("position", ticket.Position), new("token", ticket.Token));
        await using var reader = await command.ExecuteReaderAsync(token);
        if (!await reader.ReadAsync(token)) return null;
        return new JobLease(ticket.BulkRankingId, ticket.Token, reader.GetInt64(5), BulkRankingStore.Settings(reader.GetString(6)), [Job(reader)]);
    }, cancellation);

    /// <summary>It has not ended, been cancelled or been deleted.</summary>
    public Task<bool> IsOpenAsync(long id, CancellationToken cancellation) => database.RunAsync(async (connection, token) =>
    {
        await using var command = Sql.Command(
            connection, "select exists (select 1 from bulk_rankings where id = @id and state in ('pending', 'running'))", new NpgsqlParameter("id", id));
        return (bool)(await command.ExecuteScalarAsync(token))!;
    }, cancellation);

    /// <summary>
    /// Null where it is not open. Its row is held to the transaction's end: whoever cancels it meanwhile waits for that, and then finds the
    /// leases that it has to take away. Marked as running first, because two who hold the row could not both change it.
    /// </summary>
    private static async Task<(long Version, RankingRequest Settings)?> BeginAsync(NpgsqlTransaction transaction, long id, CancellationToken cancellation)
    {
        await using var begin = Sql.Command(transaction.Connection!, """
            update bulk_rankings set state = 'running', started_at = coalesce(started_at, now()) where id = @id and state = 'pending' and submitted
            """, new NpgsqlParameter("id", id));
        await begin.ExecuteNonQueryAsync(cancellation);
        await using var select = Sql.Command(transaction.Connection!, """
            select profile_version_id, settings::text from bulk_rankings where id = @id and state = 'running' for share
            """, new NpgsqlParameter("id", id));
        await using var reader = await select.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetInt64(0), BulkRankingStore.Settings(reader.GetString(1))) : null;
    }

    /// <summary>Stores the lines of jobs that the lease still holds; the text is not needed any more.</summary>
    public Task CompleteAsync(
        JobLease lease, IReadOnlyList<LeasedJob> jobs, IReadOnlyList<string> lines, CancellationToken cancellation) => database.ExecuteAsync("""
        update bulk_ranking_jobs j set line = ranked.line, text = null, ended_at = now(), lease_token = null, lease_until = null
        from unnest(@positions, @lines) as ranked (position, line)
        where j.bulk_ranking_id = @id and j.position = ranked.position and j.lease_token = @token
        """, cancellation,
        new("id", lease.BulkRankingId), new("token", lease.Token),
        new("positions", jobs.Select(job => job.Position).ToArray()), new("lines", lines.ToArray()));

    /// <summary>The attempt failed: the job waits for its next one, longer each time, or its line tells the problem.</summary>
    /// <param name="problem">For a person; never a piece of the text.</param>
    /// <param name="final">Another attempt would end the same.</param>
    public Task FailAsync(JobLease lease, LeasedJob job, string problem, bool final, CancellationToken cancellation) => database.ExecuteAsync("""
        update bulk_ranking_jobs set
            problem = case when @final or attempts >= @max then @problem end, ended_at = case when @final or attempts >= @max then now() end,
            text = case when @final or attempts >= @max then null else text end,
            not_before = now() + @backoff * power(2, least(attempts, 8) - 1), lease_token = null, lease_until = null
        where bulk_ranking_id = @id and position = @position and lease_token = @token
        """, cancellation,
        new("id", lease.BulkRankingId), new("token", lease.Token), new("position", job.Position), new("problem", problem), new("final", final),
        new("max", options.MaxAttempts), new("backoff", options.Backoff));

    /// <summary>Has one job ranked and its line stored; where that fails, this attempt of the job has failed, and nothing is thrown.</summary>
    /// <exception cref="EngineFailedException">No fault of the job: its lease still holds it.</exception>
    public async Task AttemptAsync(JobLease lease, LeasedJob job, Func<Task> rank, CancellationToken cancellation)
    {
        try
        {
            await rank();
        }
        catch (ArgumentException e)
        {
            await FailAsync(lease, job, e.Message, final: true, cancellation);       // our own words, for a person
        }
        catch (Exception e) when (IsOfJobs(e, cancellation))
        {
            await FailAsync(lease, job, DatabaseRetry.Reason("Ranking", e), final: false, cancellation);
        }
    }

    /// <summary>Not of the database, and not of an engine that embeds nothing at all.</summary>
    public static bool IsOfJobs(Exception e, CancellationToken cancellation) =>
        !(e is OperationCanceledException && cancellation.IsCancellationRequested) && DatabaseRetry.IsItsOwn(e);

    /// <summary>How many jobs it still holds.</summary>
    public Task<int> RenewAsync(JobLease lease, CancellationToken cancellation) => database.ExecuteAsync(
        "update bulk_ranking_jobs set lease_until = now() + @lease where bulk_ranking_id = @id and lease_token = @token", cancellation,
        new("id", lease.BulkRankingId), new("token", lease.Token), new("lease", options.Lease));

    /// <summary>
    /// Works on what is leased while the lease is renewed; what then is still held goes back. Where it holds nothing any more (ended, cancelled,
    /// deleted), the work is cancelled.
    /// </summary>
    public async Task HoldAsync(JobLease lease, Func<CancellationToken, Task> work, CancellationToken abort)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(abort);
        var keeper = KeepAsync(lease, ended);
        try
        {
            await work(ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && !abort.IsCancellationRequested)
        {
            // What it worked on is not its own any more.
        }
        finally
        {
            await ended.CancelAsync();
            await keeper;
            await HandBackAsync(lease.BulkRankingId, lease.Token);
        }
    }

    private async Task KeepAsync(JobLease lease, CancellationTokenSource ended)
    {
        try
        {
            do await Task.Delay(options.Lease / 10, ended.Token);
            while (await RenewAsync(lease, ended.Token) > 0);
            await ended.CancelAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException)
        {
            // The work is over; or the lease runs out, and then the lines find it gone.
        }
    }

    /// <summary>What the lease still holds, at once and without counting the attempt. Where the database cannot be told, the lease runs out.</summary>
    private async Task HandBackAsync(long id, Guid lease)
    {
        using var farewell = new CancellationTokenSource(FarewellPatience);
        try
        {
            await database.ExecuteAsync("""
                update bulk_ranking_jobs set lease_token = null, lease_until = null, attempts = greatest(attempts - 1, 0)
                where bulk_ranking_id = @id and lease_token = @token
                """, farewell.Token, new("id", id), new("token", lease));
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Nothing is lost: the jobs are claimed again when the lease has run out.
        }
    }

    /// <summary>Done: every job has its line or its problem. False where that is not so, or it had ended before.</summary>
    public async Task<bool> FinishAsync(long id, CancellationToken cancellation) => await database.ExecuteAsync("""
        update bulk_rankings b set state = 'done', finished_at = now(), started_at = coalesce(started_at, now())
        where id = @id and state in ('pending', 'running') and submitted
            and not exists (select 1 from bulk_ranking_jobs where bulk_ranking_id = b.id and ended_at is null)
        """, cancellation, new NpgsqlParameter("id", id)) == 1;

    /// <summary>Deletes what ended so long ago that nobody comes for its result any more.</summary>
    public Task ExpireAsync(CancellationToken cancellation) => database.ExecuteAsync(
        "delete from bulk_rankings where finished_at < now() - @keep", cancellation, new NpgsqlParameter("keep", options.Keep));
}
