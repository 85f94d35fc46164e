using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Benchmarks;

/// <summary>A database of the benchmark's own, on the server of ConnectionStrings__rtmatch or the private cluster; dropped afterwards.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    private readonly string _name;

    private readonly bool _keep;

    private BenchmarkDatabase(string name, Database database, bool keep) => (_name, Database, _keep) = (name, database, keep);

    public Database Database { get; }

    /// <param name="keep">Leave it behind, for a later run that reuses it.</param>
    public static async Task<BenchmarkDatabase> CreateAsync(string name, bool keep = false)
    {
        await OnServerAsync($"drop database if exists {name} with (force)");
        await OnServerAsync($"create database {name}");
        return await ReuseAsync(name, keep);
    }

    public static async Task<BenchmarkDatabase> ReuseAsync(string name, bool keep) => new(name, await Database.OpenAsync(database: name), keep);

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (!_keep) await OnServerAsync($"drop database if exists {_name} with (force)");
    }

    private static async Task OnServerAsync(string sql)
    {
        await using var server = await Database.OpenAsync();
        await using var command = server.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
