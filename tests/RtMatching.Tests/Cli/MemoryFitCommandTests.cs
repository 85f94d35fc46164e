using System.Text.Json;
using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

/// <summary><c>memory fit</c> with the built-in model on made-up texts, as a user runs it.</summary>
public sealed class MemoryFitCommandTests : IDisposable
{
    private static readonly string[] Words = ["baker", "nurse", "driver", "shifts", "bread", "hospital", "engine", "years", "of", "and", "the", "with"];

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-fit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_map_is_fitted_and_embeds()
    {
        var (corpus, map) = (Lines("corpus.txt", 400), Path.Combine(_folder, "maps", "map.safetensors"));

        var fit = await CliProcess.RunAsync(["memory", "fit", "--corpus", corpus, "--output", map, "--json"]);

        Assert.True(fit.ExitCode == ExitCode.Ok, fit.Error);
        var fitted = JsonDocument.Parse(fit.Output).RootElement;
        Assert.Equal((map, "final_norm", 360), (fitted.GetProperty("file").GetString(), fitted.GetProperty("states").GetString(), fitted.GetProperty("texts").GetInt32()));
        Assert.True(fitted.GetProperty("tokens").GetInt32() > 2560, fit.Output);
        Assert.True(fitted.GetProperty("r2").GetDouble() is > 0.5 and <= 1, fit.Output);      // twelve words: there is little to learn
        Assert.Contains($"--memory-map {map}", fit.Error, StringComparison.Ordinal);

        var learned = await VectorAsync("--memory-scale", "learned-map", "--memory-map", map);
        Assert.NotEqual(await VectorAsync(), learned);
        Assert.Equal(learned, await VectorAsync("--memory-scale", "learned-map", "--memory-map", map));
    }

    [Fact]
    public async Task A_folder_is_a_corpus_of_its_text_files()
    {
        Lines("a.txt", 200);
        Lines("b.md", 200);
        await File.WriteAllLinesAsync(Path.Combine(_folder, "c.jsonl"), Texts(400).Select((text, id) => JsonSerializer.Serialize(new { id, text })));
        await File.WriteAllTextAsync(Path.Combine(_folder, "d.pdf"), "not read");

        var fit = await CliProcess.RunAsync(["memory", "fit", "--corpus", _folder, "--output", Path.Combine(_folder, "map"), "--memory-states", "pre-norm", "--json"]);

        // Two whole files and the lines of the third; every tenth text, the first file among them, is held out.
        Assert.True(fit.ExitCode == ExitCode.Ok, fit.Error);
        var fitted = JsonDocument.Parse(fit.Output).RootElement;
        Assert.Equal(("pre_norm", 361), (fitted.GetProperty("states").GetString(), fitted.GetProperty("texts").GetInt32()));
    }

    [Fact]
    public async Task Too_small_a_corpus_is_refused_with_how_much_is_needed_and_leaves_nothing()
    {
        var map = Path.Combine(_folder, "map");
        await File.WriteAllTextAsync(map, "what was there");

        var fit = await CliProcess.RunAsync(["memory", "fit", "--corpus", Lines("corpus.txt", 10), "--output", map]);

        Assert.Equal(ExitCode.Failed, fit.ExitCode);
        Assert.Contains("needs at least 3840 tokens", fit.Error, StringComparison.Ordinal);
        Assert.Equal("what was there", await File.ReadAllTextAsync(map));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told_before_anything_is_fitted()
    {
        var corpus = Lines("corpus.txt", 10);       // too small as well, and that would be told later

        var fit = await CliProcess.RunAsync(["memory", "fit", "--corpus", corpus, "--output", Path.Combine(corpus, "map")]);

        Assert.Equal(ExitCode.Failed, fit.ExitCode);
        Assert.Contains("cannot be written", fit.Error, StringComparison.Ordinal);
        Assert.Contains("--output", fit.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCode.Failed, "no such file", "memory", "fit", "--corpus", "/no/such/corpus")]
    [InlineData(ExitCode.Usage, "--corpus", "memory", "fit")]
    [InlineData(ExitCode.Usage, "--ridge", "memory", "fit", "--corpus", "x", "--ridge", "-1")]
    [InlineData(ExitCode.Usage, "--tokens", "memory", "fit", "--corpus", "x", "--tokens", "0")]
    [InlineData(ExitCode.Usage, "final-norm, pre-norm", "memory", "fit", "--corpus", "x", "--memory-states", "other")]
    [InlineData(ExitCode.Usage, "number of a query head", "embed", "--memory-head", "first")]
    [InlineData(ExitCode.Failed, "rtmatch memory fit", "embed", "--iterations", "2", "--memory-scale", "learned-map", "--memory-map", "/no/such/map")]
    [InlineData(ExitCode.Failed, "query heads 0 to", "embed", "--iterations", "2", "--memory-head", "99")]
    public async Task What_cannot_be_is_refused(int exitCode, string named, params string[] arguments)
    {
        var run = await CliProcess.RunAsync(arguments, "{\"id\":1,\"text\":\"x\"}\n");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
    }

    private static async Task<double[]> VectorAsync(params string[] options)
    {
        var run = await CliProcess.RunAsync(["embed", "--iterations", "3", .. options], "{\"id\":1,\"text\":\"a baker with years of bread\"}\n");
        Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
        return [.. JsonDocument.Parse(run.Output).RootElement.GetProperty("iterations")[0].GetProperty("vector").EnumerateArray().Select(x => x.GetDouble())];
    }

    private string Lines(string name, int count)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllLines(path, Texts(count));
        return path;
    }

    private static IEnumerable<string> Texts(int count)
    {
        var random = new Random(count);
        return Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, 10).Select(_ => Words[random.Next(Words.Length)])));
    }
}
