using System.Data;
using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Core.Operations;

/// <summary>
/// Reads a <see cref="StatusReport"/> by a few queries, none of which may hold up the work: each is bounded in time, and a part that
/// takes longer is left out and named.
/// </summary>
public sealed class StatusReader(Database database)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Behind a migration or a rebuild a status must not queue, or whoever comes after would queue behind it.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromMilliseconds(500);

    /// <param name="tenant">Whose ingestions and failures; null for everybody's. The rest is the whole system's.</param>
    public async Task<StatusReport> ReadAsync(string? tenant = null, CancellationToken cancellation = default)
    {
        var versions = await new ProfileStore(database).ListAsync(cancellation);
        await using var connection = await database.Source.OpenConnectionAsync(cancellation);
        var parts = new Parts(connection, cancellation);
        return new StatusReport
        {
            TakenAt = await parts.ReadAsync("the time", reading => reading.OneAsync("select now()", row => row.GetFieldValue<DateTimeOffset>(0)), DateTimeOffset.UtcNow),
            Ingestions = await parts.ReadAsync("ingestions", reading => IngestionQueries.ReadAsync(reading, tenant), []),
            Rankings = await parts.ReadAsync("bulk rankings", reading => RankingQueries.ReadAsync(reading, tenant), []),
            Queue = await parts.ReadAsync("queue", QueueQueries.ReadAsync, QueueStatus.Empty),
            Failures = await parts.ReadAsync("failures", reading => QueueQueries.FailuresAsync(reading, tenant), FailureReport.None),
            Profiles = await parts.ReadAsync("profiles", reading => ProfileQueries.ReadAsync(reading, versions), []),
            Store = await parts.ReadAsync("database", StoreQueries.ReadAsync, null),
            Unread = parts.Unread,
        };
    }

    /// <summary>The queue alone, for metrics; empty where it cannot be read in time.</summary>
    public async Task<QueueStatus> ReadQueueAsync(CancellationToken cancellation = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellation);
        return await new Parts(connection, cancellation).ReadAsync("queue", QueueQueries.ReadAsync, QueueStatus.Empty);
    }

    /// <summary>Each part in a short read-only transaction of its own: a part that runs out of time takes no other along.</summary>
    private sealed class Parts(NpgsqlConnection connection, CancellationToken cancellation)
    {
        public List<string> Unread { get; } = [];

        public async Task<T> ReadAsync<T>(string name, Func<Reading, Task<T>> read, T instead)
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
            try
            {
                await transaction.ExecuteAsync($"""
                    set transaction read only;
                    set local statement_timeout = {Patience.TotalMilliseconds:0}; set local lock_timeout = {LockPatience.TotalMilliseconds:0}
                    """, cancellation);
                return await read(new Reading(connection, cancellation));
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable)
            {
                Unread.Add(e.SqlState == PostgresErrorCodes.QueryCanceled
                    ? $"{name} (it took longer than {Patience.TotalSeconds:0} s)" : $"{name} (a table is locked)");
                return instead;
            }
        }
    }
}

/// <summary>A connection inside a short transaction.</summary>
internal sealed class Reading(NpgsqlConnection connection, CancellationToken cancellation)
{
    public async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) rows.Add(read(reader));
        return rows;
    }

    public async Task<T> OneAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params NpgsqlParameter[] parameters) =>
        (await RowsAsync(sql, read, parameters)).Single();
}
