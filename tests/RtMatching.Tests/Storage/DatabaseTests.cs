using Npgsql;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class DatabaseTests
{
    [Fact]
    public async Task Migrating_twice_and_at_once_applies_each_migration_once()
    {
        await using var test = await TestDatabase.CreateAsync();
        await test.Source.CreateCommand("drop schema public cascade; create schema public").ExecuteNonQueryAsync();
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Database.OpenAsync(test.ConnectionString)));
        foreach (var database in opened) await database.DisposeAsync();
        Assert.Equal(await test.CountAsync("select max(number) from schema_migrations"), await test.CountAsync("select count(*) from schema_migrations"));
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        await using var test = await TestDatabase.CreateAsync();
        await test.Source.CreateCommand("insert into schema_migrations values (9999, 'from_the_future', 'x')").ExecuteNonQueryAsync();
        var refusal = await Assert.ThrowsAsync<DatabaseSetupException>(() => Database.OpenAsync(test.ConnectionString));
        Assert.Contains("newer rtmatch", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_migration_is_refused()
    {
        await using var test = await TestDatabase.CreateAsync();
        await test.Source.CreateCommand("update schema_migrations set checksum = 'other' where number = 1").ExecuteNonQueryAsync();
        await Assert.ThrowsAsync<DatabaseSetupException>(() => Database.OpenAsync(test.ConnectionString));
    }

    [Fact]
    public async Task A_malformed_connection_string_is_named_without_its_password()
    {
        var refusal = await Assert.ThrowsAsync<DatabaseSetupException>(() => Database.OpenAsync("Hostt=x;Password=hunter2"));
        Assert.DoesNotContain("hunter2", refusal.ToString(), StringComparison.Ordinal);
        Assert.Contains(Database.Variable, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_not_a_hang()
    {
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Database.OpenAsync("Host=127.0.0.1;Port=1;Username=x;Database=x;Timeout=5"));
    }
}
