using System.Diagnostics;
using System.Globalization;
using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

/// <summary>
/// A migrated database of a test's own, on the server of <c>ConnectionStrings__rtmatch</c> or on a private cluster that lives as long
/// as the test process. Copied from a template, which takes tens of milliseconds; dropped afterwards.
/// </summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private const string Prefix = "rtmatch-tests-";
    private static readonly Lazy<Task<string>> Server = new(StartServerAsync);
    private static readonly Lazy<Task<string>> Template = new(CreateTemplateAsync);
    private static int _count;

    private readonly string _name;

    private TestDatabase(string name, Database database) => (_name, Database) = (name, database);

    public Database Database { get; }
    public NpgsqlDataSource Source => Database.Source;
    public string ConnectionString { get; private init; } = "";

    /// <param name="name">Where the program itself insists on one; of such a name there can be one at a time.</param>
    public static async Task<TestDatabase> CreateAsync(string? name = null)
    {
        var template = await Template.Value;
        name ??= $"rtmatch_test_{Environment.ProcessId}_{Interlocked.Increment(ref _count)}";
        await OnServerAsync($"create database {name} template {template}");
        var connectionString = Named(await Server.Value, name);
        return new TestDatabase(name, await Database.OpenAsync(connectionString)) { ConnectionString = connectionString };
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await OnServerAsync($"drop database {_name} with (force)");
    }

    /// <summary>A number from SQL, for assertions.</summary>
    public async Task<long> CountAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task<string> StartServerAsync()
    {
        if (Environment.GetEnvironmentVariable(Database.Variable) is { Length: > 0 } given) return given;
        await RemoveLeftoversAsync();
        var folder = Path.Combine(Path.GetTempPath(), Prefix + Environment.ProcessId);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveAsync(folder).GetAwaiter().GetResult();
        return await new LocalCluster(folder, durable: false).StartAsync(Console.Error.WriteLine, "postgres");
    }

    /// <summary>Clusters of test processes that were killed before they could clean up.</summary>
    private static async Task RemoveLeftoversAsync()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            if (int.TryParse(Path.GetFileName(folder)[Prefix.Length..], CultureInfo.InvariantCulture, out var process) && IsAlive(process)) continue;
            await RemoveAsync(folder);
        }
    }

    private static async Task RemoveAsync(string folder)
    {
        await new LocalCluster(folder).ResetAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static async Task<string> CreateTemplateAsync()
    {
        var name = $"rtmatch_template_{Environment.ProcessId}";
        await OnServerAsync($"drop database if exists {name} with (force)");
        await OnServerAsync($"create database {name}");
        await using (await Database.OpenAsync(Named(await Server.Value, name) + ";Pooling=false")) return name;
    }

    private static async Task OnServerAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(await Server.Value + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static string Named(string connectionString, string database) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Database = database, MaxPoolSize = 10 }.ConnectionString;
}
