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

    [Fact]
    public async Task Retrieval_ranks_documents_of_one_label_and_tells_how_many_neighbours_stay()
    {
        var corpus = Write("cvs.jsonl", string.Concat(Enumerable.Range(0, 14).Select(i => $$"""
            {"id":{{i}},"category":"{{(i % 2 == 0 ? "cook" : "nurse")}}","text":"{{(i % 2 == 0 ? "cooks soup in a restaurant" : "cares for patients at night")}} number {{i}}"}

            """)));
        var run = await RunAsync("eval", "retrieval", "--corpus", corpus, "--same", "category", "--k", "2", "--json", "--at", "5");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(("queries", 14), (report.GetProperty("unit_name").GetString(), report.GetProperty("units").GetInt32()));
        var points = report.GetProperty("curves")[0].GetProperty("points");
        Assert.InRange(points[0].GetProperty("metrics").GetProperty("ndcg@5").GetDouble(), 0.8, 1);
        Assert.Equal(JsonValueKind.Null, points[0].GetProperty("metrics").GetProperty("kept@5").ValueKind);
        Assert.InRange(points[1].GetProperty("metrics").GetProperty("kept@5").GetDouble(), 0.2, 1);
    }

    [Fact]
    public async Task Retrieval_with_judged_queries_and_an_instruction_for_them()
    {
        var corpus = Write("corpus.jsonl", "{\"_id\":\"a\",\"text\":\"soup\"}\n{\"_id\":\"b\",\"text\":\"databases\"}\n");
        var queries = Write("queries.jsonl", "{\"_id\":\"1\",\"text\":\"soup of the day\"}\n");
        var run = await RunAsync("eval", "retrieval", "--corpus", corpus, "--queries", queries, "--qrels", Write("qrels", "1 0 a 1\n"), "--k", "1", "--instruction", "Find it");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("linear gain", run.Error, StringComparison.Ordinal);
        Assert.StartsWith("last\t1.0000\t", run.Output.Split('\n')[1], StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await RunAsync("eval", "retrieval", "--corpus", corpus)).ExitCode);
    }

    [Fact]
    public async Task Jobs_and_cvs_with_grades_show_the_papers_curve_as_the_papers()
    {
        var pairs = Write("pairs.jsonl", """
            {"job":"Cook for a restaurant","cv":"Chef, ten years of cooking","score":5}
            {"job":"Cook for a restaurant","cv":"Nurse in a hospital","score":0}
            {"job":"Night nurse","cv":"Nurse in a hospital","score":4}
            {"job":"Night nurse","cv":"Chef, ten years of cooking","score":1}
            """);
        var report = Path.Combine(_folder, "out", "report");
        var run = await RunAsync("eval", "jd2cv", pairs, "--k", "2", "--out", report);
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("not measured here)\t62.75\t65.86", run.Output, StringComparison.Ordinal);
        Assert.Contains("Qwen3-Embedding-8B", await File.ReadAllTextAsync(report + ".html"), StringComparison.Ordinal);
        Assert.Equal(62.75, JsonDocument.Parse(await File.ReadAllTextAsync(report + ".json")).RootElement
            .GetProperty("published").GetProperty("values")[0].GetDouble());
        Assert.DoesNotContain("Qwen3", (await RunAsync("eval", "jd2cv", pairs, "--k", "1", "--paper", "none")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_cv_with_labels_gives_auc_and_a_stop_rule_its_savings()
    {
        var ads = Write("ads.csv", "ad,fits\ncook for a canteen,true\nnurse at night,false\nchef,true\ndriver,false\n");
        var run = await RunAsync("eval", "jd2cv", ads, "--cv", Write("cv.txt", "Chef with ten years of cooking"), "--columns", "ad,fits", "--k", "4", "--stop", "change:0.5");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("auc", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Qwen3", run.Output, StringComparison.Ordinal);
        Assert.Contains("last under the stop rule: 2.00 passes a text instead of 4.00", run.Error, StringComparison.Ordinal);
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
