using System.Text.Json;
using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

public sealed class TraceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-trace").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_text_gives_a_row_for_each_pass_with_the_tokens_it_looked_at()
    {
        var run = await CliProcess.RunAsync(["trace", "A nurse on night shifts", "--iterations", "3", "--top", "2"]);
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var rows = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r').Split('\t')).ToList();
        Assert.Equal("most attended", rows[0][^1]);
        Assert.Equal(["1", "2", "3"], rows.Skip(1).Select(row => row[0]));
        Assert.Equal("", rows[1][1]);
        Assert.All(rows.Skip(1), row => Assert.Equal(2, row[^1].Split('@').Length - 1));
    }

    [Fact]
    public async Task As_json_every_position_has_its_share()
    {
        var run = await CliProcess.RunAsync(["trace", "A nurse", "--iterations", "2", "--json"]);
        var json = JsonDocument.Parse(run.Output).RootElement;
        var tokens = json.GetProperty("tokens").GetArrayLength();
        Assert.Equal([tokens, tokens + 1], json.GetProperty("passes").EnumerateArray().Select(pass => pass.GetProperty("attention").GetArrayLength()));
        Assert.Contains(json.GetProperty("passes")[1].GetProperty("most_attended").EnumerateArray(), top => top.GetProperty("share").GetSingle() > 0);
    }

    [Fact]
    public async Task The_page_is_self_contained_and_what_a_text_says_stays_text()
    {
        const string Hostile = "<script>alert(1)</script><img src=x onerror=alert(2)> \" style=\"x & é";
        var path = Path.Combine(_folder, "trace.html");
        var run = await CliProcess.RunAsync(["trace", Hostile, "--iterations", "3", "--html", path]);
        Assert.Equal(ExitCode.Ok, run.ExitCode);

        var page = await File.ReadAllTextAsync(path);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Equal(3, page.Split("class=\"tokens\"").Length - 1);
        Assert.Contains("memory</span>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_texts_give_means_over_those_asked_for_and_a_page_of_curves()
    {
        var input = Path.Combine(_folder, "<b>texts.jsonl");
        var page = Path.Combine(_folder, "many.html");
        await File.WriteAllLinesAsync(input, Enumerable.Range(0, 12).Select(i => $"{{\"id\":{i},\"text\":\"candidate number {i} of many\"}}"));
        var run = await CliProcess.RunAsync(["trace", "--input", input, "--limit", "10", "--iterations", "3", "--html", page, "--json"]);
        Assert.Equal(ExitCode.Ok, run.ExitCode);

        var json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(10, json.GetProperty("texts").GetInt32());
        Assert.Equal([10, 10, 10], json.GetProperty("passes").EnumerateArray().Select(pass => pass.GetProperty("texts").GetInt32()));
        Assert.InRange(json.GetProperty("passes")[2].GetProperty("first_token_share").GetProperty("mean").GetDouble(), 0.0001, 1);
        var html = await File.ReadAllTextAsync(page);
        Assert.Contains("10 texts of &lt;b&gt;texts.jsonl", html, StringComparison.Ordinal);
        Assert.Equal(6, html.Split("<figure").Length - 1);
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("trace", "text", "--input", "file.jsonl")]
    [InlineData("trace", "text", "--iterations", "1")]
    [InlineData("trace", "text", "--limit", "3")]
    [InlineData("trace", "text", "--top", "0")]
    [InlineData("trace", "text", "--threshold", "0")]
    public async Task A_wrong_command_line_exits_with_2_and_says_what_is_wrong(params string[] arguments)
    {
        var run = await CliProcess.RunAsync(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("rtmatch: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("mean", "--pooling", "mean")]
    [InlineData("no such file", "--input", "/no/such.jsonl")]
    public async Task What_cannot_be_traced_exits_with_1_and_says_why(string named, params string[] options)
    {
        var run = await CliProcess.RunAsync(["trace", .. options[0] == "--input" ? options : ["text", .. options]]);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
    }
}
