using Npgsql;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class VectorStoreTests
{
    private static StoredVector Vector(int seed, params float[] values) => new("default", DocumentKind.Cv, StoredDocuments.Hash($"{seed}"), values);

    private static async Task PutAsync(TestDatabase test, VectorStore store, IReadOnlyList<StoredVector> vectors)
    {
        await using var connection = await test.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await store.PutAsync(transaction, vectors);
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task Vectors_come_back_in_half_precision_and_a_second_put_replaces()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new VectorStore(test.Database, await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile()));
        await PutAsync(test, store, [Vector(1, 1, 0, 0, 0), Vector(2, 0.25f, -0.5f, 65504, 0), Vector(2, 0.25f, -0.5f, 65504, 0)]);
        await PutAsync(test, store, [Vector(1, 0, 1, 0, 0)]);
        await using var command = test.Source.CreateCommand($"select string_agg(embedding::text, ' ' order by embedding::text) from {store.Vectors}");
        Assert.Equal("[0,1,0,0] [0.25,-0.5,65504,0]", await command.ExecuteScalarAsync());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e5f)]
    public async Task What_half_precision_cannot_hold_is_refused(float value)
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new VectorStore(test.Database, await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile()));
        await Assert.ThrowsAsync<ArgumentException>(() => PutAsync(test, store, [Vector(1, value, 0, 0, 0)]));
        await Assert.ThrowsAsync<ArgumentException>(() => PutAsync(test, store, [Vector(1, 0, 0, 0)]));
        Assert.Equal(0, await test.CountAsync($"select count(*) from {store.Vectors}"));
    }

    [Fact]
    public async Task A_backend_killed_in_the_middle_leaves_nothing()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new VectorStore(test.Database, await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile()));
        await using (var connection = await test.Source.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await store.PutAsync(transaction, [Vector(1, 1, 0, 0, 0)]);
            await test.CountAsync($"select pg_terminate_backend({connection.ProcessID})::int");
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());
        }

        Assert.Equal(0, await test.CountAsync($"select count(*) from {store.Vectors}"));
        await PutAsync(test, store, [Vector(1, 1, 0, 0, 0)]);
        Assert.Equal(1, await test.CountAsync($"select count(*) from {store.Vectors}"));
    }

    [Fact]
    public async Task An_index_is_built_once_there_are_rows_enough()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new VectorStore(test.Database, await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile()));
        var random = new Random(1);
        await PutAsync(test, store, [Vector(0, 1, 0, 0, 0)]);
        await store.BuildIndexesAsync();
        Assert.Equal(0, await Indexes());
        await PutAsync(test, store, [.. Enumerable.Range(1, 5000).Select(i => Vector(i, [.. Enumerable.Range(0, 4).Select(_ => random.NextSingle())]))]);
        await Task.WhenAll(store.BuildIndexesAsync(), store.BuildIndexesAsync());
        Assert.Equal(1, await Indexes());

        Task<long> Indexes() => test.CountAsync($"select count(*) from pg_indexes where tablename = '{store.Vectors}' and indexdef like '%hnsw%'");
    }

    [Fact]
    public async Task A_build_under_way_names_its_index()
    {
        await using var test = await TestDatabase.CreateAsync();
        var store = new VectorStore(test.Database, await new ProfileStore(test.Database).SaveAsync(StoredDocuments.Profile()));
        await using var connection = await test.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await new NpgsqlCommand($"lock table {store.Vectors}", connection, transaction).ExecuteNonQueryAsync();
        var building = store.BuildIndexesAsync();
        const string Seen = "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and wait_event_type = 'Lock' and query like '%vectors\\_1\\_cv\\_hnsw%'";
        while (await test.CountAsync(Seen) == 0 && !building.IsCompleted) await Task.Delay(10);
        Assert.False(building.IsCompleted);
        await transaction.CommitAsync();
        await building;
    }
}
