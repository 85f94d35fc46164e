using System.Security.Cryptography;
using Npgsql;
using RtMatching.Cli;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Tests.Cli;

namespace RtMatching.Tests.Storage;

public sealed class BackupTests : IDisposable
{
    private const string Job = "We look for a cook.\n\nRequirements\n- Bakes bread and pastry every day\n- Speaks Finnish\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-backup-").FullName;

    private string Backup => Path.Combine(_folder, "rtmatch.backup");

    [Fact]
    public async Task Backed_up_dropped_and_restored_it_ranks_the_same_byte_for_byte()
    {
        await using var test = await TestDatabase.CreateAsync();
        Write("cook.txt", "Experience\n- Baked bread and pastry daily from scratch\n\nSkills\nMenus, bread, sauces\n");
        Write("teacher.txt", "Experience\n- Taught mathematics to classes of thirty\n");
        Write("driver.txt", "Experience\n- Drove a bus in Helsinki, speaks Finnish\n");
        await OkAsync(test.ConnectionString, "ingest", _folder);
        string[] rank = ["rank", "--text", Job, "--explain", "--json"];
        var before = await OkAsync(test.ConnectionString, rank);

        await OkAsync(test.ConnectionString, "db", "backup", Backup);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Backup));
        test.Source.Clear();
        await OnServerAsync(test, $"drop database {Name(test)} with (force)");
        await OkAsync(test.ConnectionString, "db", "restore", Backup);

        Assert.Equal(before.Output, (await OkAsync(test.ConnectionString, rank)).Output);
        Assert.Equal(0, await test.CountAsync("select count(*) from ranking_changes"));     // Their transactions are another server's.
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
        Write("cook.txt", "Experience\n- Sold insurance\n");
        Assert.Contains("1 embedded", (await OkAsync(test.ConnectionString, "ingest", _folder)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_comes_back()
    {
        await using var test = await TestDatabase.CreateAsync();
        var profile = await FillAsync(test, documents: 1);
        await using (var rows = test.Source.CreateCommand($"""
            insert into vectors_{profile.Id} select 'default', 'cv', sha256(int4send(i)), array[i, 1, 2, 3]::real[]::halfvec(4) from generate_series(1, 5000) i
            """)) await rows.ExecuteNonQueryAsync();
        await new VectorStore(test.Database, profile).BuildIndexesAsync();
        await DatabaseBackup.WriteAsync(test.ConnectionString, Backup);
        await WipeAsync(test);
        await DatabaseRestore.RunAsync(test.ConnectionString, Backup, replace: false, _ => { });
        Assert.Equal(1, await test.CountAsync($"select count(*) from pg_index where indexrelid = 'vectors_{profile.Id}_cv_hnsw'::regclass and indisvalid"));
        Assert.Equal(5001, await test.CountAsync($"select count(*) from vectors_{profile.Id}"));
    }

    [Fact]
    public async Task What_is_there_is_kept_under_another_name_and_only_where_that_is_asked_for()
    {
        await using var test = await TestDatabase.CreateAsync();
        await FillAsync(test, documents: 2);
        await DatabaseBackup.WriteAsync(test.ConnectionString, Backup);
        await test.AddAsync("later", "text later");
        var connectionString = await AloneAsync(test);

        Assert.Contains("--replace", await RefusalAsync(connectionString, replace: false), StringComparison.Ordinal);
        await using (var used = await NpgsqlDataSource.Create(connectionString).OpenConnectionAsync())
            Assert.Contains("stop every server", await RefusalAsync(connectionString, replace: true), StringComparison.Ordinal);
        Assert.Equal("3", await RoleDatabase.TryAsync(connectionString, "select count(*) from documents"));

        var report = await DatabaseRestore.RunAsync(connectionString, Backup, replace: true, _ => { });
        Assert.Equal((Name(test), 2), (report.Database, report.Documents));
        Assert.Equal("2", await RoleDatabase.TryAsync(connectionString, "select count(*) from documents"));
        var kept = new NpgsqlConnectionStringBuilder(connectionString) { Database = report.Kept }.ConnectionString;
        Assert.Equal("3", await RoleDatabase.TryAsync(kept, "select count(*) from documents"));
        await OnServerAsync(test, $"drop database {report.Kept}");
    }

    [Fact]
    public async Task Roles_restore_as_the_owner_in_place_and_as_a_superuser_beside()
    {
        await using var roles = await RoleDatabase.MigratedAsync();
        await FillAsync(roles.Test, documents: 2);
        Assert.Contains(roles.OwnerName, (await Assert.ThrowsAsync<DatabaseSetupException>(
            () => DatabaseBackup.WriteAsync(roles.Writer, Backup))).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        await DatabaseBackup.WriteAsync(roles.Owner, Backup);

        await WipeAsync(roles.Test);
        await DatabaseRestore.RunAsync(roles.Owner, Backup, replace: false, _ => { });
        await WriterWorksAsync(roles);

        Assert.Contains("superuser", await RefusalAsync(roles.Owner, replace: true), StringComparison.Ordinal);
        var report = await DatabaseRestore.RunAsync(await AloneAsync(roles.Test), Backup, replace: true, _ => { });
        await OnServerAsync(roles.Test, $"drop database {report.Kept}");
        await WriterWorksAsync(roles);
        Assert.Equal(0, await roles.Test.CountAsync($"select count(*) from pg_tables where schemaname in ('public', 'orleans') and tableowner <> '{roles.OwnerName}'"));
    }

    [Fact]
    public async Task A_broken_file_is_refused_and_changes_nothing()
    {
        await using var source = await TestDatabase.CreateAsync();
        await FillAsync(source, documents: 40);
        await DatabaseBackup.WriteAsync(source.ConnectionString, Backup);
        var whole = await File.ReadAllBytesAsync(Backup);
        await using var empty = await TestDatabase.CreateAsync();
        await WipeAsync(empty);
        await using var occupied = await TestDatabase.CreateAsync();
        await FillAsync(occupied, documents: 1);
        var connectionString = await AloneAsync(occupied);
        foreach (var broken in (byte[][])[[], "no backup"u8.ToArray(), whole[..100], whole[..(whole.Length / 2)], whole[..(whole.Length * 9 / 10)], Flipped(whole)])
        {
            await File.WriteAllBytesAsync(Backup, broken);
            await RefusalAsync(empty.ConnectionString, replace: false);
            await RefusalAsync(connectionString, replace: true);
        }

        Assert.Equal(0, await empty.CountAsync("select count(*) from pg_tables where schemaname in ('public', 'orleans')"));
        Assert.Equal("1", await RoleDatabase.TryAsync(connectionString, "select count(*) from documents"));
        Assert.Equal(0, await empty.CountAsync($"select count(*) from pg_database where datname like '{Name(occupied)}\\_%'"));
    }

    [Fact]
    public async Task A_backup_of_a_newer_program_or_of_something_else_is_refused()
    {
        await using var test = await TestDatabase.CreateAsync();
        await test.Source.CreateCommand("insert into schema_migrations values (9999, 'from_the_future', 'x')").ExecuteNonQueryAsync();
        await DatabaseBackup.WriteAsync(test.ConnectionString, Backup);
        await WipeAsync(test);
        Assert.Contains("newer rtmatch", await RefusalAsync(test.ConnectionString, replace: false), StringComparison.Ordinal);

        await test.Source.CreateCommand("create table other (x int)").ExecuteNonQueryAsync();
        Assert.Contains("no tables of rtmatch", (await Assert.ThrowsAsync<DatabaseSetupException>(
            () => DatabaseBackup.WriteAsync(test.ConnectionString, Backup + "2"))).Message, StringComparison.Ordinal);
        var client = await PostgresClient.RequireAsync(PostgresBinaries.MinVersion, CancellationToken.None);
        await client.RequireSuccessAsync("pg_dump", test.ConnectionString, ["--format=custom", $"--file={Backup}3"], CancellationToken.None);
        File.Move(Backup + "3", Backup, overwrite: true);
        Assert.Contains("something else", await RefusalAsync(test.ConnectionString, replace: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_exists_is_not_written_over()
    {
        await using var test = await TestDatabase.CreateAsync();
        await File.WriteAllTextAsync(Backup, "precious");
        var run = await CliProcess.RunAsync(["db", "backup", Backup], environment: Environment(test.ConnectionString));
        Assert.True(run.ExitCode == ExitCode.Failed && run.Error.Contains("exists already", StringComparison.Ordinal), run.Error);
        Assert.Equal("precious", await File.ReadAllTextAsync(Backup));
    }

    /// <summary>Texts that do not compress, so that rows make most of the file.</summary>
    private static async Task<ProfileVersion> FillAsync(TestDatabase test, int documents)
    {
        var profile = await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile());
        for (var i = 0; i < documents; i++)
            await test.AddAsync($"{i}", Convert.ToBase64String(RandomNumberGenerator.GetBytes(10_000)), profile);
        return profile;
    }

    private static async Task WriterWorksAsync(RoleDatabase roles)
    {
        await using var writer = await Database.OpenAsync(roles.Writer);
        await new ProfileStore(writer).SaveAsync(StoredDocuments.Profile("another"));
        Assert.True(await new DocumentStore(writer).DeleteAsync(1));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RoleDatabase.TryAsync(roles.Reader, "select body from texts"));
        Assert.Equal("1", await RoleDatabase.TryAsync(roles.Reader, "select count(id) from documents"));
    }

    private static byte[] Flipped(byte[] bytes)
    {
        var copy = (byte[])bytes.Clone();
        for (var i = copy.Length / 2; i < copy.Length / 2 + 20; i++) copy[i] ^= 0x55;
        return copy;
    }

    /// <summary>As an administrator leaves an empty database: no tables, the extension there.</summary>
    private static async Task WipeAsync(TestDatabase test) => await test.Source.CreateCommand("""
        drop schema public cascade; drop schema if exists orleans cascade; create schema public authorization pg_database_owner; create extension vector
        """).ExecuteNonQueryAsync();

    /// <summary>Without the test's own connections in the way.</summary>
    private static async Task<string> AloneAsync(TestDatabase test)
    {
        test.Source.Clear();
        await OnServerAsync(test, $"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{Name(test)}'");
        return new NpgsqlConnectionStringBuilder(test.ConnectionString) { Pooling = false }.ConnectionString;
    }

    private async Task<string> RefusalAsync(string connectionString, bool replace) => (await Assert.ThrowsAsync<DatabaseSetupException>(
        () => DatabaseRestore.RunAsync(connectionString, Backup, replace, _ => { }))).Message;

    private static string Name(TestDatabase test) => new NpgsqlConnectionStringBuilder(test.ConnectionString).Database!;

    private static async Task OnServerAsync(TestDatabase test, string sql)
    {
        await using var server = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(test.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await using var command = server.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<CliProcess> OkAsync(string connectionString, params string[] arguments)
    {
        var run = await CliProcess.RunAsync(arguments, environment: Environment(connectionString));
        Assert.True(run.ExitCode == ExitCode.Ok, $"{string.Join(' ', arguments)}: {run.Error}");
        return run;
    }

    private static Dictionary<string, string> Environment(string connectionString) => new() { [Database.Variable] = connectionString };

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
