using System.Text.Json;
using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

public sealed class EvalTests : IDisposable
{
    private const string Pairs = """
        sentence1	sentence2	score
        A man is cooking.	A cook is preparing food.	4.2
        A man is cooking.	The database is down.	0.1
        The server runs PostgreSQL.	The database server is PostgreSQL.	4.5
        A nurse works at night.	Night shifts of a nurse.	4.0
        A nurse works at night.	A dog chases a ball.	0.0
        A dog chases a ball.	A dog runs after a ball.	4.8
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-eval-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sts_prints_a_table_of_poolings_and_passes_and_a_second_run_comes_from_the_cache()
    {
        var file = Write("pairs.tsv", Pairs);
        var run = await RunAsync("eval", "sts", file, "--pooling", "last,mean", "--k", "2");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var lines = run.Output.Split('\n');
        Assert.StartsWith("pooling\tk=1\tk=2\tbest k", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("last\t", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("mean\t", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("cached", run.Output, StringComparison.Ordinal);
        Assert.Contains("small sample", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("cook", run.Error + run.Output, StringComparison.Ordinal);

        var again = await RunAsync("eval", "sts", file, "--pooling", "last,mean", "--k", "2");
        Assert.Equal(2, again.Output.Split("cached").Length - 1);
    }

    [Fact]
    public async Task Sts_as_json()
    {
        var run = await RunAsync("eval", "sts", Write("pairs.tsv", Pairs), "--k", "3", "--json", "--no-cache", "--refine", "query");
        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("spearman", report.GetProperty("metric").GetString());
        Assert.Equal(6, report.GetProperty("units").GetInt32());
        var points = report.GetProperty("curves")[0].GetProperty("points");
        Assert.Equal([1, 2, 3], points.EnumerateArray().Select(point => point.GetProperty("k").GetInt32()));
        Assert.InRange(points[0].GetProperty("metrics").GetProperty("spearman").GetDouble(), 0.5, 1);
        Assert.Equal(JsonValueKind.Null, points[0].GetProperty("against_first").ValueKind);
        Assert.Equal(JsonValueKind.Object, points[1].GetProperty("against_first").ValueKind);
        Assert.False(Directory.Exists(Path.Combine(_folder, "home", "evaluation-cache")));
    }

    [Theory]
    [InlineData(ExitCode.Usage, "--pooling", "median")]
    [InlineData(ExitCode.Usage, "--columns", "a,b")]
    [InlineData(ExitCode.Usage, "--format", "xml")]
    [InlineData(ExitCode.Usage, "--limit", "0")]
    [InlineData(ExitCode.Usage, "--k", "0")]
    [InlineData(ExitCode.Failed, "--columns", "a,b,c")]
    [InlineData(ExitCode.Failed, "--limit", "1")]
    [InlineData(ExitCode.Failed, "--dim", "100000")]
    public async Task Wrong_options_are_refused(int expected, params string[] options)
    {
        var run = await RunAsync(["eval", "sts", Write("pairs.tsv", Pairs), .. options]);
        Assert.Equal(expected, run.ExitCode);
        Assert.StartsWith("rtmatch: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private Task<CliProcess> RunAsync(params string[] arguments) =>
        CliProcess.RunAsync(arguments, environment: new Dictionary<string, string> { ["RTMATCH_HOME"] = Path.Combine(_folder, "home") });

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
