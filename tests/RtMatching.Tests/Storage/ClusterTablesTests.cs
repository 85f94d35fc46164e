using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class ClusterTablesTests
{
    [Fact]
    public async Task Silos_that_start_together_make_the_tables_once_and_the_file_may_run_again()
    {
        await using var test = await TestDatabase.CreateAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ClusterTables.ApplyAsync(test.Source, CancellationToken.None)));
        await test.Source.CreateCommand(ClusterTables.Sql()).ExecuteNonQueryAsync();
        Assert.Equal(ClusterTables.Version, await test.CountAsync("select max(version) from orleans.tables_version"));
        Assert.Equal(1, await test.CountAsync("select count(*) from orleans.tables_version"));
    }

    /// <summary>A superuser's session that has run for a while asks the catalogues nothing on its way, where it would hear of what others made.</summary>
    [Fact]
    public async Task A_silo_that_waited_for_another_to_make_the_tables_finds_them()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var first = await test.Source.OpenConnectionAsync();
        await using (var second = await test.Source.OpenConnectionAsync())
            await new NpgsqlCommand("create schema if not exists public; select pg_advisory_xact_lock(0)", second).ExecuteNonQueryAsync();
        await new NpgsqlCommand(ClusterTables.Sql().Replace("\ncommit;", "\n", StringComparison.Ordinal), first).ExecuteNonQueryAsync();
        var waits = ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        await using var observer = await test.Source.OpenConnectionAsync();
        const string Waiting = "select count(*) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() " +
            "and l.locktype = 'advisory' and not l.granted";
        while ((long)(await new NpgsqlCommand(Waiting, observer).ExecuteScalarAsync())! == 0) Assert.False(waits.IsCompleted, "it did not wait");
        await new NpgsqlCommand("commit", first).ExecuteNonQueryAsync();
        await waits;
        Assert.Equal(1, await test.CountAsync("select count(*) from orleans.tables_version"));
    }

    [Fact]
    public async Task A_newer_versions_tables_stay_as_they_are()
    {
        await using var test = await TestDatabase.CreateAsync();
        await ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        await test.Source.CreateCommand("insert into orleans.tables_version (version) values (1000); update orleans.OrleansQuery set QueryText = 'newer'")
            .ExecuteNonQueryAsync();
        await ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => test.Source.CreateCommand(ClusterTables.Sql()).ExecuteNonQueryAsync());
        Assert.Contains("newer version", refusal.MessageText, StringComparison.Ordinal);
        Assert.Equal(0, await test.CountAsync("select count(*) from orleans.OrleansQuery where QueryText <> 'newer'"));
    }

    [Fact]
    public async Task Of_many_who_change_one_version_of_the_membership_one_succeeds()
    {
        await using var test = await TestDatabase.CreateAsync();
        await ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        Assert.True(await AskAsync(test, "InsertMembershipVersionKey", ("DeploymentId", "c")));
        Assert.False(await AskAsync(test, "InsertMembershipVersionKey", ("DeploymentId", "c")));

        var inserted = await Task.WhenAll(Enumerable.Range(1, 8).Select(port => InsertAsync(test, port, version: 0)));
        Assert.Single(inserted, done => done);
        Assert.Equal(1, await test.CountAsync("select version from orleans.membership_version"));
        var port = (int)await test.CountAsync("select port from orleans.membership");

        Assert.False(await InsertAsync(test, port, version: 1), "the same silo twice");
        var updated = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => UpdateAsync(test, port, version: 1)));
        Assert.Single(updated, done => done);
        Assert.False(await UpdateAsync(test, port + 100, version: 2), "a silo that is not there");
        Assert.Equal(2, await test.CountAsync("select version from orleans.membership_version"));
    }

    [Theory]
    [InlineData("5 minutes", 2)]        // a power cut: nobody is left
    [InlineData("10 seconds", 0)]       // one of them lives: the rest is its affair
    public async Task Silos_are_declared_dead_by_one_that_starts_only_where_all_have_been_silent_for_long(string lastOfTheSecond, int dead)
    {
        await using var test = await TestDatabase.CreateAsync();
        await ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        await test.Source.CreateCommand($"""
            insert into orleans.membership_version (cluster) values ('rtmatch'), ('other');
            insert into orleans.membership (cluster, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at) values
                ('rtmatch', '127.0.0.1', 1, 1, 'first', 'host', 3, 0, now() - interval '1 day', now() - interval '5 minutes'),
                ('rtmatch', '127.0.0.1', 2, 1, 'second', 'host', 2, 0, now() - interval '1 day', now() - interval '{lastOfTheSecond}'),
                ('other', '127.0.0.1', 3, 1, 'third', 'host', 3, 0, now() - interval '1 day', now() - interval '1 day')
            """).ExecuteNonQueryAsync();

        Assert.Equal(dead, await ClusterTables.ForgetDeadAsync(test.Source, "rtmatch", TimeSpan.Zero, CancellationToken.None));
        Assert.Equal(dead, await test.CountAsync("select count(*) from orleans.membership where status = 6"));
        Assert.Equal(dead == 0 ? 0 : 1, await test.CountAsync("select version from orleans.membership_version where cluster = 'rtmatch'"));
        Assert.Equal(0, await ClusterTables.ForgetDeadAsync(test.Source, "rtmatch", TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task A_reminder_is_deleted_by_whoever_saw_its_last_version()
    {
        await using var test = await TestDatabase.CreateAsync();
        await ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        Assert.Equal(0, await RemindAsync(test, hash: -5));
        Assert.Equal(1, await RemindAsync(test, hash: -5));
        Assert.Equal(0, await CountRangeAsync(test, "ReadRangeRows1Key", -5, 10));      // the begin is not in it
        Assert.Equal(1, await CountRangeAsync(test, "ReadRangeRows1Key", -6, -5));      // the end is
        Assert.Equal(1, await CountRangeAsync(test, "ReadRangeRows2Key", 100, -5));     // around the ring's end
        Assert.Equal(0, await CountRangeAsync(test, "ReadRangeRows2Key", 100, -6));
        Assert.Equal(1, await CountRangeAsync(test, "ReadRangeRows2Key", 3, 3));        // the whole ring
        (string, object)[] which = [("ServiceId", "s"), ("GrainId", "g/1"), ("ReminderName", "r")];
        Assert.False(await AskAsync(test, "DeleteReminderRowKey", [.. which, ("Version", 0)]));
        Assert.True(await AskAsync(test, "DeleteReminderRowKey", [.. which, ("Version", 1)]));
        Assert.Equal(0, await test.CountAsync("select count(*) from orleans.reminders"));
    }

    private static Task<bool> InsertAsync(TestDatabase test, int port, int version) => AskAsync(test, "InsertMembershipKey",
        [.. Silo(port), ("SiloName", "n"), ("HostName", "h"), ("StartTime", DateTime.UtcNow), ("Status", 1), ("ProxyPort", 0), ("Version", version)]);

    private static Task<bool> UpdateAsync(TestDatabase test, int port, int version) => AskAsync(test, "UpdateMembershipKey",
        [.. Silo(port), ("Status", 3), ("SuspectTimes", DBNull.Value), ("Version", version)]);

    private static (string, object)[] Silo(int port) =>
        [("DeploymentId", "c"), ("Address", "10.0.0.1"), ("Port", port), ("Generation", 7), ("IAmAliveTime", DateTime.UtcNow)];

    private static async Task<int> RemindAsync(TestDatabase test, int hash) => (int)(await ScalarAsync(test, "UpsertReminderRowKey",
        ("ServiceId", "s"), ("GrainHash", hash), ("GrainId", "g/1"), ("ReminderName", "r"), ("StartTime", DateTime.UtcNow), ("Period", 60_000)))!;

    private static async Task<int> CountRangeAsync(TestDatabase test, string key, int begin, int end) =>
        await ScalarAsync(test, key, ("ServiceId", "s"), ("BeginHash", begin), ("EndHash", end)) is null ? 0 : 1;

    private static async Task<bool> AskAsync(TestDatabase test, string key, params (string, object)[] parameters) => (bool)(await ScalarAsync(test, key, parameters))!;

    /// <summary>As the provider asks: the statement by its key, its parameters by name.</summary>
    private static async Task<object?> ScalarAsync(TestDatabase test, string key, params (string Name, object Value)[] parameters)
    {
        await using var find = test.Source.CreateCommand("select QueryText from orleans.OrleansQuery where QueryKey = $1");
        find.Parameters.AddWithValue(key);
        await using var ask = test.Source.CreateCommand((string)(await find.ExecuteScalarAsync())!);
        foreach (var (name, value) in parameters) ask.Parameters.AddWithValue(name, value);
        return await ask.ExecuteScalarAsync();
    }
}
