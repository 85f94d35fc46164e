using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsvHelper;
using RtMatching.Core.Documents;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Benchmarks;

/// <summary>
/// Same-category precision@10 over CVs in 24 categories (150 of them as queries, or <c>--queries</c>, each left out of its own answer) and AUC over job ads
/// labelled relevant or not to one CV, for the built-in model and every k, through the database as a user's ranking goes, beside BM25.
/// </summary>
public static class QualityBenchmark
{
    private const int MaxTokens = 512;

    public static async Task<int> RunAsync(string[] args)
    {
        if (Environment.GetEnvironmentVariable("RTMATCH_DATA") is not { Length: > 0 } data)
        {
            Console.Error.WriteLine("Set RTMATCH_DATA to the folder that holds resume-kaggle-2484 and jd-relevance-panoslin.");
            return 2;
        }

        var iterations = Arguments.Number(args, "--iterations", 8);
        var corpus = await Corpus.ReadAsync(data, Arguments.Number(args, "--queries", 150));
        using var model = LanguageModel.Load(null);
        await using var scratch = await BenchmarkDatabase.CreateAsync("rtmatch_benchmark_quality");
        var versions = await StoreAsync(scratch.Database, model, corpus, iterations);
        await scratch.ExecuteAsync("vacuum analyze");
        await ReportAsync(scratch.Database, corpus, versions);
        await ReportFusionAsync(scratch.Database, corpus, versions[^1]);
        await ReportCoverageAsync(scratch.Database, model, corpus, versions[0].Version);
        return 0;
    }

    /// <summary>How often requirements of software jobs count as covered by CVs that should cover them, and by those that should not.</summary>
    private static async Task ReportCoverageAsync(Database database, LanguageModel model, Corpus corpus, ProfileVersion version)
    {
        const int Jobs = 8;
        var ranking = new Ranking(database, version, new DocumentEmbedder(model, version.Profile).EmbedAsync);
        var jobs = corpus.Jobs.Where((_, i) => corpus.Labels[i]).Take(Jobs).ToList();
        Console.WriteLine($"\nRequirements of {Jobs} software jobs in the ten best CVs of a category:\n\n| category | covered | partly | missing |\n|---|---|---|---|");
        foreach (var category in (string[])["INFORMATION-TECHNOLOGY", "ENGINEERING", "ACCOUNTANT", "CHEF", "FITNESS"])
        {
            var coverages = new List<Coverage>();
            foreach (var job in jobs)
            {
                var places = await ranking.RankCandidatesAsync(new RankingRequest
                {
                    DocumentId = job.DocumentId, Filter = new RankingFilter { Tags = [category] }, Explain = true,
                });
                coverages.AddRange(places.SelectMany(place => place.Explanation!.Requirements).Select(requirement => requirement.Coverage));
            }

            double Share(Coverage coverage) => (double)coverages.Count(one => one == coverage) / coverages.Count;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {category} | {Share(Coverage.Covered):P0} | {Share(Coverage.Partly):P0} | {Share(Coverage.Missing):P0} |"));
        }
    }

    private static async Task ReportAsync(Database database, Corpus corpus, IReadOnlyList<Swept> sweep)
    {
        Console.WriteLine($"""

            {corpus.Cvs.Count:N0} CVs, {corpus.Queries.Count:N0} queries; {corpus.Jobs.Count} job ads, one CV. Parts of {MaxTokens} tokens.

            | ranking | k | precision@10 | AUC |
            |---|---|---|---|
            """);
        var lexical = LexicalPrecisions(corpus);
        Row("BM25", "", lexical, LexicalAuc(corpus));
        var text = await MeasureAsync(database, corpus, sweep[0], RankingMode.Text);
        Row("full-text", "", text.Precisions, text.Auc);
        var differences = new List<string>();
        foreach (var swept in sweep)
        {
            var k = swept.Version.Profile.Iterations;
            var dense = await MeasureAsync(database, corpus, swept, RankingMode.Dense);
            var fused = await MeasureAsync(database, corpus, swept, RankingMode.Fused);
            Row("dense", $"{k}", dense.Precisions, dense.Auc);
            Row("fused", $"{k}", fused.Precisions, fused.Auc);
            foreach (var (name, other) in (ReadOnlySpan<(string, double[])>)[("dense", dense.Precisions), ("full-text", text.Precisions), ("BM25", lexical)])
                differences.Add($"k = {k}, fused less {name}: {Difference(other, fused.Precisions)}");
        }

        Console.WriteLine($"\nPrecision@10 (95% of paired bootstrap):\n{string.Join('\n', differences)}");

        static string Difference(double[] one, double[] other)
        {
            var difference = PairedBootstrap.Compare(one, other);
            return string.Create(CultureInfo.InvariantCulture,
                $"{difference.Mean:+0.000;-0.000} ({difference.Low:+0.000;-0.000} to {difference.High:+0.000;-0.000})");
        }

        static void Row(string name, string k, double[] precisions, double auc) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {k} | {precisions.Average():F3} | {auc:F3} |"));
    }

    /// <summary>
    /// What other weights and constants would give: both rankings fused anew as Ranking does it. Each half of the queries and of the job ads on its own, so
    /// that what is chosen on one can be looked up on the other.
    /// </summary>
    private static async Task ReportFusionAsync(Database database, Corpus corpus, Swept swept)
    {
        var ranking = swept.Ranking(database);
        var cvs = new List<(Item Query, Tops Tops)>();
        foreach (var query in corpus.Queries)
            cvs.Add((corpus.Cvs[query], await TopsAsync(new RankingRequest { DocumentId = corpus.Cvs[query].DocumentId, Top = Ranking.FusionDepth }, ranking.RankCandidatesAsync)));
        var jobs = await TopsAsync(new RankingRequest { Text = corpus.Cv, Vector = swept.Cv, Top = corpus.Jobs.Count }, ranking.RankJobsAsync);
        var categories = corpus.Cvs.ToDictionary(cv => cv.DocumentId, cv => cv.Category);
        Console.WriteLine($"\nFused with other weights (precision@10 and AUC, first and second half):\n\n| weight of dense | K = {ReciprocalRankFusion.K} | K = 60 |\n|---|---|---|");
        foreach (var weight in (double[])[0, .3, .4, .5, .6, .7, .8, .9, 1])
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {weight:F1} | {Cell(weight, ReciprocalRankFusion.K)} | {Cell(weight, 60)} |"));

        string Cell(double weight, int k)
        {
            var precisions = cvs.Select(cv => RankingMetrics.PrecisionAt(
                [.. cv.Tops.Fuse(weight, k).Take(10).Select(place => categories[place.Key] == cv.Query.Category)], 10)).ToList();
            var scores = jobs.Fuse(weight, k).ToDictionary(place => place.Key, place => place.Score);
            var half = precisions.Count / 2;
            return string.Create(CultureInfo.InvariantCulture,
                $"{precisions.Take(half).Average():F3} {precisions.Skip(half).Average():F3}, {Auc(scores, 0):F3} {Auc(scores, 1):F3}");
        }

        double Auc(Dictionary<long, double> scores, int half)
        {
            var chosen = Enumerable.Range(0, corpus.Jobs.Count).Where(i => i % 2 == half).ToList();
            return Agreement.Auc([.. chosen.Select(i => scores.GetValueOrDefault(corpus.Jobs[i].DocumentId))], [.. chosen.Select(i => corpus.Labels[i])]);
        }
    }

    private static async Task<Tops> TopsAsync(
        RankingRequest request, Func<RankingRequest, CancellationToken, Task<IReadOnlyList<RankedDocument>>> rank)
    {
        async Task<IReadOnlyList<long>> TopAsync(RankingMode mode, int top) =>
            [.. (await rank(request with { Mode = mode, Top = top }, CancellationToken.None)).Select(place => place.DocumentId)];
        return new Tops(await TopAsync(RankingMode.Dense, request.Top), await TopAsync(RankingMode.Text, Ranking.FusionDepth));
    }

    private static async Task<(double[] Precisions, double Auc)> MeasureAsync(Database database, Corpus corpus, Swept swept, RankingMode mode)
    {
        var ranking = swept.Ranking(database);
        var precisions = new List<double>();
        foreach (var query in corpus.Queries)
        {
            var places = await ranking.RankCandidatesAsync(new RankingRequest { DocumentId = corpus.Cvs[query].DocumentId, Mode = mode });
            precisions.Add(RankingMetrics.PrecisionAt([.. places.Select(place => place.Tags.Contains(corpus.Cvs[query].Category))], 10));
        }

        var request = new RankingRequest { Text = corpus.Cv, Vector = swept.Cv, Mode = mode, Top = corpus.Jobs.Count };
        var scores = (await ranking.RankJobsAsync(request)).ToDictionary(place => place.DocumentId, place => place.Score);
        return ([.. precisions], Agreement.Auc([.. corpus.Jobs.Select(job => scores.GetValueOrDefault(job.DocumentId))], corpus.Labels));
    }

    private static double[] LexicalPrecisions(Corpus corpus)
    {
        var bm25 = new Bm25([.. corpus.Cvs.Select(cv => cv.Text)]);
        return [.. corpus.Queries.Select(query =>
        {
            var scores = bm25.Score(corpus.Cvs[query].Text);
            scores[query] = double.NegativeInfinity;
            var top = Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).Take(10);
            return RankingMetrics.PrecisionAt([.. top.Select(i => corpus.Cvs[i].Category == corpus.Cvs[query].Category)], 10);
        })];
    }

    private static double LexicalAuc(Corpus corpus) =>
        Agreement.Auc(new Bm25([.. corpus.Jobs.Select(job => job.Text)]).Score(corpus.Cv), corpus.Labels);

    /// <summary>Every text embedded once for all k, and each k's vectors stored as a profile version of their own.</summary>
    private static async Task<List<Swept>> StoreAsync(Database database, LanguageModel model, Corpus corpus, int iterations)
    {
        var profile = DefaultProfiles.Create(model) with { MaxTokens = MaxTokens, Dimension = model.Config.Hidden };
        var cvs = Sweep(model, profile, [.. corpus.Cvs.Select(cv => cv.Text)], DocumentKind.Cv, iterations);
        var jobs = Sweep(model, profile, [.. corpus.Jobs.Select(job => job.Text)], DocumentKind.Job, iterations);
        var query = Sweep(model, profile, [corpus.Cv], DocumentKind.Cv, iterations);
        await StoreTextsAsync(database, corpus.Cvs, "cv", profile.Preparation);
        await StoreTextsAsync(database, corpus.Jobs, "job", profile.Preparation);
        var sweep = new List<Swept>();
        for (var k = 1; k <= iterations; k++)
        {
            var version = await new ProfileStore(database).SaveAsync(profile with { Name = $"k{k}", Iterations = k });
            await using var connection = await database.Source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await new VectorStore(database, version).PutAsync(transaction,
            [
                .. corpus.Cvs.Select((cv, i) => new StoredVector("default", DocumentKind.Cv, cv.Hash, cvs[k - 1][i])),
                .. corpus.Jobs.Select((job, i) => new StoredVector("default", DocumentKind.Job, job.Hash, jobs[k - 1][i])),
            ]);
            await transaction.CommitAsync();
            sweep.Add(new Swept(version, query[k - 1][0]));
        }

        return sweep;
    }

    /// <summary>All passes from one run. (iterations, texts, dimension)</summary>
    private static IReadOnlyList<float[]>[] Sweep(LanguageModel model, TaskProfile profile, IReadOnlyList<string> texts, DocumentKind kind, int iterations)
    {
        var embedder = new DocumentEmbedder(model, profile);
        var prepared = embedder.Prepare([.. texts.Select(TextPreparation.Redact)], kind);
        var embeddings = new TextEmbedder(model).Embed(prepared.Texts, embedder.Options(kind) with { Iterations = iterations, AllIterations = true });
        return [.. Enumerable.Range(0, iterations).Select(pass =>
            embedder.Vectors(prepared, [.. embeddings.Select(embedding => embedding with { Passes = [embedding.Passes[pass]] })]))];
    }

    private static async Task StoreTextsAsync(Database database, IReadOnlyList<Item> items, string kind, int preparation)
    {
        await using var command = database.Source.CreateCommand($"""
            with item as (select * from unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::text[]) i(id, hash, body, search, category)),
            content as (insert into contents (tenant, hash, bytes) select 'default', hash, '' from item on conflict do nothing),
            text as (
                insert into texts (tenant, content_hash, preparation, outcome, format, body, search)
                select 'default', hash, {preparation}, 'ok', 'text', body, to_tsvector('{FullText.Configuration}', search) from item on conflict do nothing)
            insert into documents (source, external_id, kind, current_version, content_hash, tags)
            select '{kind}', id, '{kind}', 1, hash, array[category] from item returning id, external_id
            """);
        command.Parameters.AddWithValue(items.Select(item => item.Id).ToArray());
        command.Parameters.AddWithValue(items.Select(item => item.Hash).ToArray());
        command.Parameters.AddWithValue(items.Select(item => item.Text).ToArray());
        command.Parameters.AddWithValue(items.Select(item => FullText.Prepare(TextPreparation.Redact(item.Text))).ToArray());
        command.Parameters.AddWithValue(items.Select(item => item.Category).ToArray());
        var byId = items.ToDictionary(item => item.Id);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) byId[reader.GetString(1)].DocumentId = reader.GetInt64(0);
    }

    /// <param name="Cv">The vector of the CV that the job ads are labelled for.</param>
    private sealed record Swept(ProfileVersion Version, float[] Cv)
    {
        public Ranking Ranking(Database database) =>
            new(database, Version, (_, _, _) => throw new InvalidOperationException("Every query has its vector."));
    }

    /// <summary>What fusion is given: the best of each ranking.</summary>
    private sealed record Tops(IReadOnlyList<long> Dense, IReadOnlyList<long> Text)
    {
        /// <summary>A weight of 0 or 1 leaves one ranking alone, the other's documents after it.</summary>
        public IReadOnlyList<(long Key, double Score)> Fuse(double weight, int k) =>
            ReciprocalRankFusion.Fuse(EqualityComparer<long>.Default, [new(Dense, weight), new(Text, 1 - weight)], k);
    }

    private sealed record Item(string Id, string Category, string Text)
    {
        // With the id: two items with one text stay two, as BM25 counts them.
        public byte[] Hash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Id + '\n' + Text));
        public long DocumentId { get; set; }
    }

    /// <param name="Queries">Indexes of the CVs that are asked for.</param>
    /// <param name="Cv">What the job ads are labelled for.</param>
    private sealed record Corpus(IReadOnlyList<Item> Cvs, IReadOnlyList<int> Queries, IReadOnlyList<Item> Jobs, IReadOnlyList<bool> Labels, string Cv)
    {
        public static async Task<Corpus> ReadAsync(string data, int queries)
        {
            var cvs = File.ReadLines(Path.Combine(data, "resume-kaggle-2484", "resumes.jsonl")).Select(ReadCv).ToList();
            var labelled = Path.Combine(data, "jd-relevance-panoslin");
            var (jobs, labels) = (new List<Item>(), new List<bool>());
            await using var csv = CsvReader.FromFile(Path.Combine(labelled, "job_descriptions.csv"), CsvReaderOptions.Default);
            while (await csv.ReadAsync(CancellationToken.None))
            {
                var row = csv.Headers.Select((name, i) => (name, Value: csv[i].ToString())).ToDictionary(field => field.name, field => field.Value);
                jobs.Add(new Item(row["job_description_id"], "", row["job_description"]));
                labels.Add(bool.Parse(row["label"]));
            }

            var cv = await File.ReadAllTextAsync(Path.Combine(labelled, "resume_redacted.txt"));
            return new Corpus(cvs, new PythonRandom(1).Sample(cvs.Count, queries), jobs, labels, cv);
        }

        private static Item ReadCv(string line)
        {
            using var json = JsonDocument.Parse(line);
            return new Item(Field("id"), Field("category"), Field("text"));
            string Field(string name) => json.RootElement.GetProperty(name).GetString()!;
        }
    }
}
