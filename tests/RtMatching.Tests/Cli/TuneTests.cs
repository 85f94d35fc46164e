using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Storage;

namespace RtMatching.Tests.Cli;

public sealed class TuneTests : IDisposable
{
    private static readonly string[] People = ["A nurse", "The cook", "An engineer", "My teacher", "Our plumber", "The lawyer", "A young pilot", "The old farmer"];
    private static readonly string[] Deeds =
        ["repairs the database", "prepares a meal", "flies to Oslo", "writes a long letter", "looks after the patients", "reads about trees", "sells the house", "learns Rust"];

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-tune-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>People said of each pair what the built-in model says after two passes, and more of what that pass changed: k = 2 is nearer than k = 1.</summary>
    [Fact]
    public async Task The_known_best_number_of_passes_is_chosen_explained_written_and_stored()
    {
        await using var test = await TestDatabase.CreateAsync();
        var report = Path.Combine(_folder, "report");
        var run = await RunAsync(test, Write(ScoredAfterTwoPasses(120)), "--k", "3", "--json", "--out", report, "--save-profile", "tuned", "--max-tokens", "100", "--stop", "change:0.03");
        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.ExitCode == ExitCode.Ok ? "" : run.Error));

        var json = JsonDocument.Parse(run.Output).RootElement;
        var choice = json.GetProperty("choice");
        Assert.Equal(("last", 2, "fewest_within_one_error"),
            (choice.GetProperty("configuration").GetString(), choice.GetProperty("iterations").GetInt32(), choice.GetProperty("reason").GetString()));
        Assert.Contains("k = 2 beats one pass by", choice.GetProperty("why")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(3, json.GetProperty("evaluation").GetProperty("curves")[0].GetProperty("points").GetArrayLength());
        Assert.NotEqual(0, json.GetProperty("stop_calibration").GetProperty("findings").GetArrayLength());
        Assert.Equal(0, json.GetProperty("threshold_calibration").GetArrayLength());

        var page = await File.ReadAllTextAsync(report + ".html");
        Assert.Contains("Choice: last, k = 2", page, StringComparison.Ordinal);
        Assert.Contains("Stop rules", page, StringComparison.Ordinal);
        Assert.DoesNotContain("plumber", page + run.Output + run.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(report + ".csv"));

        var stored = json.GetProperty("profile").GetProperty("profile");
        Assert.Equal(("tuned", 2, 100), (stored.GetProperty("name").GetString(), stored.GetProperty("iterations").GetInt32(), stored.GetProperty("max_tokens").GetInt32()));
        await using var database = await Database.OpenAsync(test.ConnectionString);
        Assert.Equal(2, (await new ProfileStore(database).FindActiveAsync("tuned"))!.Profile.Iterations);
    }

    [Fact]
    public async Task Yes_and_no_get_a_threshold_and_the_choice_is_said_in_words()
    {
        var labelled = ScoredAfterTwoPasses(120).Select(pair => pair with { Score = pair.Score > 0.5 ? 1 : 0 }).ToList();
        var run = await RunAsync(null, Write(labelled), "--k", "2", "--stop", "none");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("choice: last, k = ", run.Output, StringComparison.Ordinal);
        Assert.Contains("for F1: ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("stop rule", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCode.Failed, "At least 50 pairs", "--limit", "49")]
    [InlineData(ExitCode.Usage, "--stop maybe", "--stop", "maybe")]
    [InlineData(ExitCode.Usage, "'neither'", "--refine", "neither")]
    [InlineData(ExitCode.Usage, "--save-profile", "--save-profile", " ")]
    public async Task What_cannot_be_is_refused_with_the_remedy(int expected, string named, params string[] options)
    {
        var pairs = Enumerable.Range(0, 60).Select(i => new Pair($"first {i}", $"second {i}", i)).ToList();
        var run = await RunAsync(null, Write(pairs), options);
        Assert.Equal(expected, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private Task<CliProcess> RunAsync(TestDatabase? database, string file, params string[] options)
    {
        var environment = new Dictionary<string, string> { ["RTMATCH_HOME"] = Path.Combine(_folder, "home") };
        if (database is not null) environment[Database.Variable] = database.ConnectionString;
        return CliProcess.RunAsync(["tune", file, .. options], environment: environment);
    }

    private static List<Pair> ScoredAfterTwoPasses(int count)
    {
        var random = new Random(1);
        string Sentence() => $"{People[random.Next(8)]} {Deeds[random.Next(8)]} and {Deeds[random.Next(8)]}";
        var texts = Enumerable.Range(0, 2 * count).Select(_ => Sentence()).ToArray();
        using var model = LanguageModel.Load(null);
        var embedded = new TextEmbedder(model).Embed(texts, new EmbeddingOptions { Iterations = 2, AllIterations = true });
        double Cosine(int pair, int pass) => TensorPrimitives.Dot<float>(embedded[2 * pair].Passes[pass].Vector, embedded[2 * pair + 1].Passes[pass].Vector);
        return [.. Enumerable.Range(0, count).Select(i => new Pair(texts[2 * i], texts[2 * i + 1], Cosine(i, 1) + 10 * (Cosine(i, 1) - Cosine(i, 0))))];
    }

    private string Write(List<Pair> pairs)
    {
        var path = Path.Combine(_folder, "pairs.tsv");
        File.WriteAllLines(path, pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.First}\t{pair.Second}\t{pair.Score}")).Prepend("sentence1\tsentence2\tscore"));
        return path;
    }

    private sealed record Pair(string First, string Second, double Score);
}
