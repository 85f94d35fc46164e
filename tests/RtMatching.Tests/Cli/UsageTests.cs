using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

public class UsageTests
{
    [Theory]
    [InlineData("no-such-command")]
    [InlineData("embed", "--pooling", "median")]
    [InlineData("embed", "--iterations", "many")]
    [InlineData("embed", "--pooling", "va", "--layers", "4..2")]
    [InlineData("profiles", "set", "p", "--layers", "first")]
    [InlineData("embed", "--stop", "sometimes")]
    [InlineData("embed", "--stop", "change:-1")]
    [InlineData("embed", "--stop", "change:NaN")]
    [InlineData("embed", "--stop", "second-change:much")]
    [InlineData("embed", "--stop", "learned:/no/such/file.json")]
    [InlineData("profiles", "set", "p", "--stop", "change")]
    [InlineData("rank")]
    [InlineData("rank", "--text", "cook", "--cv", "1")]
    [InlineData("rank", "--text", "cook", "--top", "0")]
    [InlineData("ingest")]
    public async Task A_wrong_command_line_exits_with_2_and_says_what_is_wrong(params string[] arguments)
    {
        var run = await CliProcess.RunAsync(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("rtmatch: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task A_missing_model_exits_with_1_and_names_it()
    {
        var run = await CliProcess.RunAsync(["embed", "--model", "/no/such/model"], "{\"id\":1,\"text\":\"x\"}\n");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("/no/such/model", run.Error, StringComparison.Ordinal);
    }
}
