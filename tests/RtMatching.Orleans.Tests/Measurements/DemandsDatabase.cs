using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>
/// A database for measurements alone, as safe against crashes as a real one, on the server of <c>ConnectionStrings__rtmatch</c> or on a
/// private cluster; gone afterwards.
/// </summary>
internal sealed class DemandsDatabase : IAsyncDisposable
{
    private readonly string _name = $"rtmatch_demands_{Environment.ProcessId}";
    private readonly string? _folder;
    private readonly string _server;

    private DemandsDatabase(string server, string? folder) => (_server, _folder) = (server, folder);

    public required Database Database { get; init; }
    public string ConnectionString => Named(_server, _name);

    public static async Task<DemandsDatabase> CreateAsync()
    {
        var given = Environment.GetEnvironmentVariable(Database.Variable) is { Length: > 0 } set ? set : null;
        var folder = given is null ? Path.Combine(Path.GetTempPath(), $"rtmatch-demands-{Environment.ProcessId}") : null;
        var server = given ?? await new LocalCluster(folder).StartAsync(Console.Error.WriteLine, "postgres");
        var name = $"rtmatch_demands_{Environment.ProcessId}";
        await ExecuteAsync(server, $"create database {name}");
        return new DemandsDatabase(server, folder) { Database = await Database.OpenAsync(Named(server, name)) };
    }

    private static string Named(string server, string name) =>
        new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 10 }.ConnectionString;

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await ExecuteAsync(_server, $"drop database {_name} with (force)");
        if (_folder is null) return;
        await new LocalCluster(_folder).ResetAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
