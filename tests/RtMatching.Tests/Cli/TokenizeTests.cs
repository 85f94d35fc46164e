using RtMatching.Cli;

namespace RtMatching.Tests.Cli;

public class TokenizeTests
{
    [Fact]
    public async Task One_array_per_line_the_end_token_included()
    {
        var run = await CliProcess.RunAsync(["tokenize"], "A man is playing a guitar.\n\nA man is playing a guitar.");
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        // The ids of models/rt-mini/golden.jsonl's first text.
        Assert.Equal(["[65,426,468,2378,272,6956,14,0]", "[0]", "[65,426,468,2378,272,6956,14,0]"], run.Output.TrimEnd('\n').Split('\n'));
    }
}
