using System.Diagnostics;
using Npgsql;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// Runs work on a connection, again on a fresh one where the connection or the server died under it. What is run must be safe to run twice:
/// a commit whose answer was lost has happened.
/// </summary>
/// <param name="patience">How long a database that does not answer is waited for; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
internal sealed class DatabaseRetry(Database database, TimeSpan patience)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private int _isWaiting;

    /// <summary>Told once when work waits for the database for seconds, and not again before it was there.</summary>
    public Action<NpgsqlException>? Waiting { get; init; }

    public Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellation) =>
        RunAsync(async token =>
        {
            await using var connection = await database.Source.OpenConnectionAsync(token);
            return await work(connection, token);
        }, cancellation);

    /// <summary>One statement; how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellation, params NpgsqlParameter[] parameters) =>
        RunAsync(async (connection, token) =>
        {
            await using var command = Sql.Command(connection, sql, parameters);
            return await command.ExecuteNonQueryAsync(token);
        }, cancellation);

    public Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellation) =>
        RunAsync(async token =>
        {
            await work(token);
            return true;
        }, cancellation);

    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        for (var pause = TimeSpan.FromMilliseconds(50); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            try
            {
                var result = await work(cancellation);
                _isWaiting = 0;
                return result;
            }
            catch (NpgsqlException e) when (IsTransient(e) && (patience == Timeout.InfiniteTimeSpan || waited.Elapsed < patience))
            {
                if (pause == LongestPause && Interlocked.Exchange(ref _isWaiting, 1) == 0) Waiting?.Invoke(e);
                await Task.Delay(pause, cancellation);
            }
        }
    }

    /// <summary>Commits what <paramref name="work"/> did, unless it throws or gives false.</summary>
    public Task<bool> CommitAsync(Func<NpgsqlTransaction, CancellationToken, Task<bool>> work, CancellationToken cancellation) =>
        RunAsync(async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token);
            if (!await work(transaction, token)) return false;
            await transaction.CommitAsync(token);
            return true;
        }, cancellation);

    /// <summary>The failure is the item's own, not the database's or the engine's: trying other items makes sense.</summary>
    public static bool IsItsOwn(Exception e) =>
        e is not (NpgsqlException or EngineFailedException) || (e is PostgresException refused && !IsTransient(refused));

    /// <summary>Why an item failed, without the exception's message, which may quote the document.</summary>
    public static string Reason(string stage, Exception e) =>
        $"{stage} failed: {e.GetType().Name}{(e is PostgresException refused ? $" {refused.SqlState}" : "")}.";

    /// <summary>The server goes or comes, a backend was terminated, or two transactions were in each other's way.</summary>
    public static bool IsTransient(NpgsqlException e) => e.IsTransient
        || e is PostgresException
        {
            SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.TooManyConnections
        }
        || (e is not PostgresException && e.InnerException is IOException or System.Net.Sockets.SocketException or TimeoutException);
}
