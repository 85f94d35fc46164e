using System.Text.Json;
using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

public class EmbedTests
{
    [Fact]
    public async Task Writes_every_pass_in_input_order_with_the_id_as_it_came()
    {
        var run = await CliProcess.RunAsync(["embed", "--iterations", "3", "--all-iterations", "--dim", "8"],
            "{\"id\":\"b\",\"text\":\"a cook\"}\n\n{\"id\":7,\"text\":\"a much longer text about a cook\"}\n");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["\"b\"", "7"], lines.Select(line => line.GetProperty("id").GetRawText()));
        foreach (var line in lines)
        {
            var passes = line.GetProperty("iterations").EnumerateArray().ToList();
            Assert.Equal([1, 2, 3], passes.Select(pass => pass.GetProperty("k").GetInt32()));
            Assert.All(passes, pass => Assert.Equal(1, pass.GetProperty("vector").EnumerateArray().Sum(x => x.GetDouble() * x.GetDouble()), 4));
            Assert.All(passes, pass => Assert.Equal(8, pass.GetProperty("vector").GetArrayLength()));
        }
    }

    [Fact]
    public async Task All_iterations_under_a_stop_rule_are_those_that_each_text_took()
    {
        const string Lines = "{\"id\":1,\"text\":\"a cook\"}\n{\"id\":2,\"text\":\"a nurse on night shifts in a large hospital\"}\n";
        string[] embed = ["embed", "--iterations", "6", "--all-iterations", "--dim", "8"];
        var ruled = await CliProcess.RunAsync([.. embed, "--stop", "change:0.05"], Lines);
        var full = await CliProcess.RunAsync([.. embed, "--stop", "none"], Lines);
        var (stopped, swept) = (Passes(ruled), Passes(full));
        Assert.All(swept, passes => Assert.Equal(6, passes.Count));
        Assert.All(stopped, passes => Assert.InRange(passes.Count, 2, 5));
        foreach (var (some, all) in stopped.Zip(swept)) Assert.Equal(all.Take(some.Count).Select(pass => pass.GetRawText()), some.Select(pass => pass.GetRawText()));
    }

    [Theory]
    [InlineData("{\"id\":1}", "text")]
    [InlineData("[1]", "object")]
    [InlineData("{\"id\":1,\"text\":", "not JSON")]
    [InlineData("{\"text\":\"x\"}", "id")]
    public async Task A_bad_line_is_named(string line, string expected)
    {
        var run = await CliProcess.RunAsync(["embed"], "{\"id\":0,\"text\":\"fine\"}\n" + line + "\n");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("line 2", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--pooling", "mean", "--iterations", "2")]
    [InlineData("--iterations", "0")]
    [InlineData("--stop", "change:0.03")]
    [InlineData("--dim", "100000")]
    public async Task Options_that_the_model_cannot_honour_are_refused(params string[] options)
    {
        var run = await CliProcess.RunAsync(["embed", .. options], "{\"id\":0,\"text\":\"fine\"}\n");
        Assert.NotEqual(ExitCode.Ok, run.ExitCode);
        Assert.StartsWith("rtmatch: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_longer_than_the_window_is_cut_with_a_warning()
    {
        var text = string.Join(' ', Enumerable.Repeat("cooking", 3000));
        var run = await CliProcess.RunAsync(["embed"], $"{{\"id\":\"long\",\"text\":\"{text}\"}}\n");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Contains("long", run.Error, StringComparison.Ordinal);
        Assert.Contains("cut", run.Error, StringComparison.Ordinal);
    }

    private static List<List<JsonElement>> Passes(CliProcess run) =>
        [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("iterations").EnumerateArray().ToList())];
}
