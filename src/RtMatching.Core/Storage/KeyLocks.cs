using Npgsql;

namespace RtMatching.Core.Storage;

/// <summary>
/// Advisory locks of this process, all on one connection, so that a thousand slow submissions do not take a thousand connections. They
/// end with the process however it ends. Where the connection breaks they are taken anew with the next question; until then another
/// process could take one of them, so whatever is done under a lock must be safe to do twice.
/// </summary>
internal sealed class KeyLocks(NpgsqlDataSource source) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly HashSet<long> _held = [];
    private NpgsqlConnection? _connection;

    /// <summary>False where this process or another one holds it.</summary>
    public async Task<bool> TryTakeAsync(long name, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            return !_held.Contains(name) && await AskAsync("select pg_try_advisory_lock($1)", name) && _held.Add(name);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task ReleaseAsync(long name)
    {
        await _gate.WaitAsync();
        try
        {
            if (_held.Remove(name)) await AskAsync("select pg_advisory_unlock($1)", name);
        }
        catch (NpgsqlException)
        {
            // The connection is gone, and every lock with it.
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Never cancelled half-way: the lock could be taken and nobody know it.</summary>
    private async Task<bool> AskAsync(string sql, long name)
    {
        try
        {
            return await ScalarAsync(await ConnectionAsync(), sql, name);
        }
        catch (NpgsqlException) when (_connection is not { State: System.Data.ConnectionState.Open })
        {
            return await ScalarAsync(await ConnectionAsync(), sql, name);
        }
    }

    private async Task<NpgsqlConnection> ConnectionAsync()
    {
        if (_connection is { State: System.Data.ConnectionState.Open } open) return open;
        if (_connection is not null) await _connection.DisposeAsync();
        _connection = await source.OpenConnectionAsync();
        foreach (var held in _held) await ScalarAsync(_connection, "select pg_try_advisory_lock($1)", held);
        return _connection;
    }

    private static async Task<bool> ScalarAsync(NpgsqlConnection connection, string sql, long name)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = name } } };
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _gate.Dispose();
    }
}
