using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class IdempotencyKeysTests
{
    [Fact]
    public async Task A_key_is_held_by_one_at_a_time_across_processes()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var here = new IdempotencyKeys(test.Database);
        await using var elsewhere = new IdempotencyKeys(test.Database);       // connections of its own, as another process has
        await using (await here.TakeAsync("default", "k", "ingestion", "a"))
        {
            await Assert.ThrowsAsync<KeyInUseException>(() => here.TakeAsync("default", "k", "ingestion", "a"));
            await Assert.ThrowsAsync<KeyInUseException>(() => elsewhere.TakeAsync("default", "k", "ingestion", "a"));
            await using var other = await elsewhere.TakeAsync("another", "k", "ingestion", "a");
            Assert.Null(other.SubjectId);
        }

        await using var free = await elsewhere.TakeAsync("default", "k", "ingestion", "a");
        Assert.Null(free.SubjectId);
    }

    [Fact]
    public async Task What_a_key_made_is_told_until_it_expires_and_other_parameters_are_refused()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var keys = new IdempotencyKeys(test.Database);
        await RecordAsync(test, keys, "k", complete: false);
        await using (var cut = await keys.TakeAsync("default", "k", "ingestion", "a")) Assert.Equal((7, false), (cut.SubjectId, cut.Completed));
        await RecordAsync(test, keys, "k", complete: true);
        await using (var done = await keys.TakeAsync("default", "k", "ingestion", "a")) Assert.Equal((7, true), (done.SubjectId, done.Completed));
        await Assert.ThrowsAsync<KeyReusedException>(() => keys.TakeAsync("default", "k", "ingestion", "b"));
        await Assert.ThrowsAsync<KeyReusedException>(() => keys.TakeAsync("default", "k", "bulk_ranking", "a"));

        await using var age = test.Source.CreateCommand("update idempotency_keys set created_at = created_at - interval '8 days'");
        await age.ExecuteNonQueryAsync();
        await using (var expired = await keys.TakeAsync("default", "k", "ingestion", "b")) Assert.Null(expired.SubjectId);
        await RecordAsync(test, keys, "new", complete: true);
        Assert.Equal(1, await test.CountAsync("select count(*) from idempotency_keys"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("umlaut-ü")]
    [InlineData("line\nbreak")]
    public void A_key_is_visible_ASCII(string key) =>
        Assert.Contains("Idempotency-Key", Assert.Throws<ArgumentException>(() => IdempotencyKeys.Check(key)).Message);

    [Fact]
    public void A_key_may_be_200_long_and_no_longer()
    {
        IdempotencyKeys.Check(new string('x', 200));
        Assert.Throws<ArgumentException>(() => IdempotencyKeys.Check(new string('x', 201)));
    }

    [Fact]
    public async Task A_broken_connection_is_replaced_and_what_was_held_stays_held()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var keys = new IdempotencyKeys(test.Database);
        await using var elsewhere = new IdempotencyKeys(test.Database);
        await using var held = await keys.TakeAsync("default", "held", "ingestion", "a");
        await using (var kill = test.Source.CreateCommand("""
            select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
            """)) await kill.ExecuteNonQueryAsync();

        await using (await keys.TakeAsync("default", "next", "ingestion", "a"))
            await Assert.ThrowsAsync<KeyInUseException>(() => elsewhere.TakeAsync("default", "held", "ingestion", "a"));
    }

    private static async Task RecordAsync(TestDatabase test, IdempotencyKeys keys, string key, bool complete)
    {
        await using var hold = await keys.TakeAsync("default", key, "ingestion", "a");
        await using var connection = await test.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (hold.SubjectId is null) await hold.RecordAsync(transaction, 7);
        if (complete) await hold.CompleteAsync(transaction, 7);
        await transaction.CommitAsync();
    }
}
