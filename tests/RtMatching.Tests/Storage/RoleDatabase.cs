using System.Security.Cryptography;
using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

/// <summary>A database of a test's own with an owner, a writer and a reader, set up as infra/postgres/README.md says: roles.sql by a superuser.</summary>
internal sealed class RoleDatabase : IAsyncDisposable
{
    private static int _count;

    private readonly string _prefix = $"rtm_{Environment.ProcessId}_{Interlocked.Increment(ref _count)}";
    private readonly string _password = RandomNumberGenerator.GetHexString(20);

    private RoleDatabase(TestDatabase test) => Test = test;

    /// <summary>As the superuser, for assertions.</summary>
    public TestDatabase Test { get; }

    public string OwnerName => $"{_prefix}_owner";
    public string Owner => As(OwnerName);
    public string Writer => As($"{_prefix}_writer");

    /// <summary>Having taken back what keeps it from writing by mistake.</summary>
    public string Reader => As($"{_prefix}_reader") + ";Options=-c default_transaction_read_only=off";

    /// <summary>As an administrator leaves it: three roles and not one table.</summary>
    public static async Task<RoleDatabase> CreateAsync()
    {
        var test = await TestDatabase.CreateAsync();
        await test.Source.CreateCommand("drop schema public cascade; create schema public authorization pg_database_owner").ExecuteNonQueryAsync();
        return await AdoptAsync(test);
    }

    /// <summary>With the owner's part done too.</summary>
    public static async Task<RoleDatabase> MigratedAsync()
    {
        var roles = await CreateAsync();
        await roles.MigrateAsync();
        return roles;
    }

    /// <summary>One that a program of all rights has made and filled.</summary>
    public static async Task<RoleDatabase> AdoptAsync(TestDatabase test)
    {
        var roles = new RoleDatabase(test);
        await roles.RunRolesAsync();
        return roles;
    }

    public async Task RunRolesAsync()
    {
        var client = await PostgresClient.RequireAsync(PostgresBinaries.MinVersion, CancellationToken.None);
        var environment = LibpqEnvironment.Of(Test.ConnectionString);
        foreach (var role in (string[])["OWNER", "WRITER", "READER"]) environment[$"RTMATCH_{role}_PASSWORD"] = _password;
        var file = Path.Combine(AppContext.BaseDirectory, "infra", "postgres", "roles.sql");
        var (code, output) = await ProgramRun.RunAsync(
            Path.Combine(client.Folder, "psql"), ["--no-psqlrc", "--quiet", "--set", $"prefix={_prefix}", "--file", file], CancellationToken.None, environment);
        Assert.True(code == 0, output);
        Assert.DoesNotContain(_password, output, StringComparison.Ordinal);
    }

    public async Task<MigrationReport> MigrateAsync()
    {
        await using var database = await Database.OpenAsync(Owner);
        return await DatabaseOwner.PrepareAsync(database);
    }

    /// <summary>The number of rows that a statement touched or the first value that it gave; the SQL state of its refusal otherwise.</summary>
    public static async Task<string> TryAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        try
        {
            await using var command = source.CreateCommand(sql);
            return $"{await command.ExecuteScalarAsync() ?? "nothing"}";
        }
        catch (PostgresException refusal)
        {
            return refusal.SqlState;
        }
    }

    private string As(string role) =>
        new NpgsqlConnectionStringBuilder(Test.ConnectionString) { Username = role, Password = _password, Pooling = false }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await Test.DisposeAsync();
        await using var server = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(Test.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await using var drop = server.CreateCommand($"drop role {_prefix}_owner, {_prefix}_writer, {_prefix}_reader");
        await drop.ExecuteNonQueryAsync();
    }
}
