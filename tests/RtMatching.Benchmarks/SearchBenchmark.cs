using System.Diagnostics;
using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Benchmarks;

/// <summary>Recall, filters and latency over 100,000 made-up candidates. Seeded: every run ranks the same. [--candidates N] [--queries N] [--keep | --reuse]</summary>
public static class SearchBenchmark
{
    private const string Name = "rtmatch_benchmark_search";
    private const int Dimension = 256;
    private const int Clusters = 500;
    private const int WordsOfDocument = 160;
    private const int Top = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        var candidates = Arguments.Number(args, "--candidates", 100_000);
        var queries = Arguments.Number(args, "--queries", 100);
        var (keep, reuse) = (args.Contains("--keep"), args.Contains("--reuse"));
        var world = new World(candidates);
        await using var scratch = reuse ? await BenchmarkDatabase.ReuseAsync(Name, keep: true) : await BenchmarkDatabase.CreateAsync(Name, keep);
        var profile = await new ProfileStore(scratch.Database).SaveAsync(new TaskProfile
        {
            Name = "synthetic", ModelName = "synthetic", WeightsHash = "0", MaxTokens = 512, Dimension = Dimension, Redact = false,
        });
        if (!reuse) await FillAsync(scratch, profile, world);
        var ranking = new Ranking(scratch.Database, profile, (_, _, _) => throw new InvalidOperationException("Every query brings its vector."));
        var requests = Enumerable.Range(0, queries).Select(world.Query).ToList();
        await TimedAsync("term statistics", () => ranking.RankCandidatesAsync(requests[0]));
        await ReportRecallAsync(ranking, requests);
        await ReportFiltersAsync(ranking, requests);
        await ReportLatencyAsync(ranking, requests);
        return 0;
    }

    private static async Task FillAsync(BenchmarkDatabase scratch, ProfileVersion profile, World world)
    {
        await TimedAsync($"{world.Candidates:N0} candidates stored", () => LoadAsync(scratch, profile, world));
        await TimedAsync("HNSW index", () => new VectorStore(scratch.Database, profile).BuildIndexesAsync());
        await scratch.ExecuteAsync("vacuum analyze");
    }

    private static async Task ReportRecallAsync(Ranking ranking, IReadOnlyList<RankingRequest> requests)
    {
        var found = 0;
        foreach (var request in requests)
        {
            var dense = request with { Mode = RankingMode.Dense };
            var exact = (await ranking.RankCandidatesAsync(dense with { Exact = true })).Select(place => place.DocumentId).ToHashSet();
            found += (await ranking.RankCandidatesAsync(dense)).Count(place => exact.Contains(place.DocumentId));
        }

        Console.WriteLine($"\nHNSW recall@{Top} against exact search, {requests.Count} queries: {(double)found / (requests.Count * Top):F4}\n");
    }

    private static async Task ReportFiltersAsync(Ranking ranking, IReadOnlyList<RankingRequest> requests)
    {
        Console.WriteLine("| filter | mode | candidates that pass | queries with the full top 10 | recall@10 against exact |\n|---|---|---|---|---|");
        foreach (var (share, tag) in World.Tags)
        {
            foreach (var mode in (RankingMode[])[RankingMode.Dense, RankingMode.Fused])
            {
                var (full, same) = (0, 0);
                foreach (var request in requests.Take(50))
                {
                    var filtered = request with { Mode = mode, Filter = new RankingFilter { Tags = [tag] } };
                    var ranked = await ranking.RankCandidatesAsync(filtered);
                    var exact = (await ranking.RankCandidatesAsync(filtered with { Exact = true })).Select(place => place.DocumentId);
                    full += ranked.Count == Top && ranked.All(place => place.Tags.Contains(tag)) ? 1 : 0;
                    same += ranked.Select(place => place.DocumentId).Intersect(exact).Count();
                }

                var tried = Math.Min(50, requests.Count);
                Console.WriteLine($"| {tag} | {mode} | {share:P2} | {full} of {tried} | {(double)same / (tried * Top):F3} |");
            }
        }
    }

    private static async Task ReportLatencyAsync(Ranking ranking, IReadOnlyList<RankingRequest> requests)
    {
        Console.WriteLine("\n| search (whole ranking, top 10, one at a time) | p50 ms | p95 ms |\n|---|---|---|");
        await ReportLatencyAsync("exact", ranking, requests.Select(request => request with { Mode = RankingMode.Dense, Exact = true }));
        await ReportLatencyAsync("HNSW", ranking, requests.Select(request => request with { Mode = RankingMode.Dense }));
        await ReportLatencyAsync("full-text", ranking, requests.Select(request => request with { Mode = RankingMode.Text }));
        await ReportLatencyAsync("fused", ranking, requests);
        foreach (var (_, tag) in World.Tags)
            await ReportLatencyAsync($"fused, {tag}", ranking, requests.Select(request => request with { Filter = new RankingFilter { Tags = [tag] } }));
    }

    private static async Task ReportLatencyAsync(string name, Ranking ranking, IEnumerable<RankingRequest> requests)
    {
        var times = new List<double>();
        foreach (var request in requests)
        {
            var watch = Stopwatch.StartNew();
            await ranking.RankCandidatesAsync(request);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine($"| {name} | {times[times.Count / 2]:F1} | {times[(int)(times.Count * 0.95)]:F1} |");
    }

    private static async Task LoadAsync(BenchmarkDatabase scratch, ProfileVersion profile, World world)
    {
        await scratch.ExecuteAsync("create unlogged table staged (i int, hash bytea, body text, tags text[], embedding real[])");
        await using (var connection = await scratch.Database.Source.OpenConnectionAsync())
        await using (var copy = await connection.BeginBinaryImportAsync("copy staged from stdin (format binary)"))
        {
            for (var i = 0; i < world.Candidates; i++)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(i, NpgsqlDbType.Integer);
                await copy.WriteAsync(SHA256.HashData(Encoding.UTF8.GetBytes($"synthetic {i}")), NpgsqlDbType.Bytea);
                await copy.WriteAsync(world.Text(i), NpgsqlDbType.Text);
                await copy.WriteAsync(World.TagsOf(i), NpgsqlDbType.Array | NpgsqlDbType.Text);
                await copy.WriteAsync(world.Vector(i), NpgsqlDbType.Array | NpgsqlDbType.Real);
            }

            await copy.CompleteAsync();
        }

        await scratch.ExecuteAsync($"""
            insert into contents (tenant, hash, bytes) select 'default', hash, '' from staged;
            insert into documents (source, external_id, kind, current_version, content_hash, tags, language)
                select 'synthetic', i::text, 'cv', 1, hash, tags, 'en' from staged;
            insert into texts (tenant, content_hash, preparation, outcome, format, body, search)
                select 'default', hash, {profile.Profile.Preparation}, 'ok', 'text', body, to_tsvector('{FullText.Configuration}', body) from staged;
            insert into vectors_{profile.Id} select 'default', 'cv', hash, embedding::halfvec({Dimension}) from staged;
            drop table staged;
            """);
    }

    private static async Task TimedAsync(string what, Func<Task> run)
    {
        var watch = Stopwatch.StartNew();
        await run();
        Console.Error.WriteLine($"{what}: {watch.Elapsed.TotalSeconds:F1} s");
    }

    /// <summary>Candidates around cluster centres, each with words of its cluster.</summary>
    private sealed class World
    {
        private readonly float[][] _centres;
        private readonly MadeUpText _texts = new(Clusters);

        public World(int candidates)
        {
            Candidates = candidates;
            _centres = [.. Enumerable.Range(0, Clusters).Select(i => Gaussian(new Random(i)))];
        }

        public static (double Share, string Tag)[] Tags { get; } = [(0.1, "tenth"), (0.01, "hundredth"), (0.0001, "rare")];

        public int Candidates { get; }

        public static string[] TagsOf(int i) =>
            [.. Tags.Where(tag => i % (int)Math.Round(1 / tag.Share) == 3).Select(tag => tag.Tag)];

        public float[] Vector(int i) => Around(i % Clusters, new Random(1_000_000 + i));

        public string Text(int i) => _texts.Words(i % Clusters, new Random(2_000_000 + i), WordsOfDocument);

        public RankingRequest Query(int i) => new()
        {
            Text = _texts.Words(i * 7 % Clusters, new Random(3_000_000 + i), 120), Vector = Around(i * 7 % Clusters, new Random(4_000_000 + i)), Top = Top,
        };

        private float[] Around(int cluster, Random random)
        {
            var vector = Gaussian(random);
            TensorPrimitives.Add(vector, _centres[cluster], vector);
            TensorPrimitives.Divide(vector, TensorPrimitives.Norm(vector), vector);
            return vector;
        }

        private static float[] Gaussian(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => (float)(
            Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
