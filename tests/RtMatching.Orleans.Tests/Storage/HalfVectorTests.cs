using System.Globalization;
using Npgsql;
using Pgvector;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests.Storage;

/// <summary>What our own way of writing vectors (real[] by COPY) and Pgvector's types say of the same rows.</summary>
public class HalfVectorTests
{
    private const int Dimension = 64;

    [Fact]
    public async Task Our_rows_are_read_as_half_vectors_and_half_vectors_are_rows_of_ours()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var silo = await Database.OpenAsync(test.ConnectionString, configure: pool => pool.UseVector());
        var store = new VectorStore(silo, await ProfileAsync(silo));
        var ours = Vectors(20, seed: 1).Select((vector, i) => new StoredVector("default", DocumentKind.Cv, [1, (byte)i], vector)).ToList();
        await WriteAsync(silo, store, ours);

        var read = await ReadAsync(silo, store, first: 1);
        Assert.Equal(ours.Count, read.Count);
        Assert.All(ours, row => Assert.Equal(row.Embedding.Select(value => (Half)value), read[row.ContentHash[1]].ToArray()));

        // The other way round: written as HalfVector, equal to the row that our COPY makes of the same vector.
        foreach (var row in ours) await InsertAsync(silo, store, [2, row.ContentHash[1]], new HalfVector(Array.ConvertAll(row.Embedding, value => (Half)value)));
        await using var equal = silo.Source.CreateCommand($"""
            select count(*) from {store.Vectors} a join {store.Vectors} b
            on get_byte(a.content_hash, 0) = 1 and get_byte(b.content_hash, 0) = 2 and get_byte(a.content_hash, 1) = get_byte(b.content_hash, 1)
            where a.embedding = b.embedding
            """);
        Assert.Equal((long)ours.Count, await equal.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_half_vector_asks_for_its_neighbours()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var silo = await Database.OpenAsync(test.ConnectionString, configure: pool => pool.UseVector());
        var store = new VectorStore(silo, await ProfileAsync(silo));
        var vectors = Vectors(10, seed: 2);
        await WriteAsync(silo, store, [.. vectors.Select((vector, i) => new StoredVector("default", DocumentKind.Cv, [(byte)i], vector))]);
        await using var nearest = silo.Source.CreateCommand($"select get_byte(content_hash, 0) from {store.Vectors} order by embedding <=> $1 limit 1");
        nearest.Parameters.AddWithValue(new HalfVector(Array.ConvertAll(vectors[7], value => (Half)value)));
        Assert.Equal(7, await nearest.ExecuteScalarAsync());
    }

    private static Task<ProfileVersion> ProfileAsync(Database database) =>
        new ProfileStore(database).SaveAsync(
            new TaskProfile { Name = "half", ModelName = "none", WeightsHash = "00", MaxTokens = 512, Dimension = Dimension });

    private static async Task WriteAsync(Database database, VectorStore store, IReadOnlyList<StoredVector> vectors)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await store.PutAsync(transaction, vectors);
        await transaction.CommitAsync();
    }

    private static async Task<Dictionary<byte, HalfVector>> ReadAsync(Database database, VectorStore store, int first)
    {
        await using var command = database.Source.CreateCommand(
            $"select content_hash, embedding from {store.Vectors} where get_byte(content_hash, 0) = {first.ToString(CultureInfo.InvariantCulture)}");
        await using var reader = await command.ExecuteReaderAsync();
        var read = new Dictionary<byte, HalfVector>();
        while (await reader.ReadAsync()) read[reader.GetFieldValue<byte[]>(0)[1]] = reader.GetFieldValue<HalfVector>(1);
        return read;
    }

    private static async Task InsertAsync(Database database, VectorStore store, byte[] hash, HalfVector vector)
    {
        await using var command = database.Source.CreateCommand(
            $"insert into {store.Vectors} (tenant, kind, content_hash, embedding) values ('default', 'cv', $1, $2)");
        command.Parameters.AddWithValue(hash);
        command.Parameters.AddWithValue(vector);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Normalised, of any sign; one holds numbers so small that half precision makes them zero or subnormal.</summary>
    private static float[][] Vectors(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(number =>
        {
            var vector = Enumerable.Range(0, Dimension).Select(_ => (float)(random.NextDouble() - 0.5) * (number == 0 ? 1e-6f : 1)).ToArray();
            var norm = MathF.Sqrt(vector.Sum(value => value * value));
            return number == 0 ? vector : Array.ConvertAll(vector, value => value / norm);
        })];
    }
}
