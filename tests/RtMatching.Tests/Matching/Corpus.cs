using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Matching;

/// <summary>A database of its own with documents whose vectors are made from their words, so that what is near is known.</summary>
internal sealed class Corpus : IAsyncDisposable
{
    public const int Dimension = 32;

    private readonly TestDatabase _database;

    private Corpus(TestDatabase database, ProfileVersion profile) =>
        (_database, Profile, Ranking) = (database, profile, new Ranking(database.Database, profile, EmbedAsync));

    public Database Database => _database.Database;
    public ProfileVersion Profile { get; }
    public Ranking Ranking { get; }

    public static async Task<Corpus> CreateAsync() => await InAsync(await TestDatabase.CreateAsync());

    /// <summary>In a database that is somebody else's, or becomes the corpus's own.</summary>
    public static async Task<Corpus> InAsync(TestDatabase database) => new(database, await AddProfileAsync(database.Database, 1));

    public static async Task<ProfileVersion> AddProfileAsync(Database database, int iterations)
    {
        var profile = new TaskProfile
        {
            Name = "test", ModelName = "words", WeightsHash = "0", MaxTokens = 512, Dimension = Dimension, Iterations = iterations, Redact = false,
        };
        return await new ProfileStore(database).SaveAsync(profile);
    }

    /// <summary>Stores a document as ingestion would: content, version, text and vector; a known id becomes a new version.</summary>
    public async Task<long> AddAsync(
        string id, string text, DocumentKind kind = DocumentKind.Cv, string[]? tags = null, string? location = null, string language = "en",
        DateOnly? dated = null, float[]? vector = null, ProfileVersion? profile = null)
    {
        await using var command = Database.Source.CreateCommand($"""
            with content as (insert into contents (tenant, hash, bytes) values ('default', $1, $2) on conflict do nothing),
            text as (
                insert into texts (tenant, content_hash, preparation, outcome, format, language, body, sections, search)
                values ('default', $1, {Profile.Profile.Preparation}, 'ok', 'text', $6, $3,
                    jsonb_build_array(jsonb_build_object('kind', 'experience', 'start', 0, 'length', length($3))), to_tsvector('{FullText.Configuration}', $4))
                on conflict do nothing),
            vector as (
                insert into vectors_{(profile ?? Profile).Id} (tenant, kind, content_hash, embedding) values ('default', $7, $1, $11::real[]::halfvec({Dimension}))
                on conflict do nothing)
            insert into documents (source, external_id, kind, current_version, content_hash, tags, location, language, dated_on)
            values ('test', $5, $7, 1, $1, $8, $9, $6, $10)
            on conflict (tenant, source, external_id) do update set content_hash = excluded.content_hash, current_version = documents.current_version + 1
            returning id
            """);
        var bytes = Encoding.UTF8.GetBytes(text);
        object?[] values =
        [
            SHA256.HashData(bytes), bytes, text, FullText.Prepare(text), id, language, kind == DocumentKind.Cv ? "cv" : "job",
            tags ?? [], location, dated, vector ?? Vector(text),
        ];
        foreach (var value in values)
            command.Parameters.Add(value is null ? new NpgsqlParameter { Value = DBNull.Value } : new NpgsqlParameter { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public static Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<float[]>>([.. texts.Select(Vector)]);

    /// <summary>Words hashed to random directions and added up: texts that share words are near. (Dimension)</summary>
    public static float[] Vector(string text)
    {
        var sum = new float[Dimension];
        foreach (var word in FullText.Prepare(text).Split(' '))
        {
            var random = new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes(word))));
            TensorPrimitives.Add(sum, Direction(random), sum);
        }

        return Normalised(sum);
    }

    public static float[] Direction(Random random) =>
        Normalised([.. Enumerable.Range(0, Dimension).Select(_ => (float)(random.NextDouble() + random.NextDouble() - 1))]);

    private static float[] Normalised(float[] vector)
    {
        TensorPrimitives.Divide(vector, Math.Max(1e-9f, TensorPrimitives.Norm(vector)), vector);
        return vector;
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
