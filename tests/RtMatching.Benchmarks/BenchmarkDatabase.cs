using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Benchmarks;

/// <summary>A database of the benchmark's own, on the server of ConnectionStrings__rtmatch or the private cluster; dropped afterwards.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    private readonly string _name;

    private BenchmarkDatabase(string name, Database database) => (_name, Database) = (name, database);

    public Database Database { get; }

    public static async Task<BenchmarkDatabase> CreateAsync(string name)
    {
        await OnServerAsync($"drop database if exists {name} with (force)");
        await OnServerAsync($"create database {name}");
        return new BenchmarkDatabase(name, await Database.OpenAsync(database: name));
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await OnServerAsync($"drop database if exists {_name} with (force)");
    }

    private static async Task OnServerAsync(string sql)
    {
        await using var server = await Database.OpenAsync();
        await using var command = server.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
