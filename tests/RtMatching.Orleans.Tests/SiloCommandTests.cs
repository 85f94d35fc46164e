using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Server.Limits;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests;

public class SiloCommandTests
{
    [Theory]
    [InlineData("--work parse,embed with --engine none", "--engine", "none", "--work", "parse,embed")]
    [InlineData("--engine gpu", "--engine", "gpu")]
    [InlineData("--device cuda with --engine cpu", "--device", "cuda")]
    [InlineData("--precision bf16 with --engine none", "--engine", "none", "--precision", "bf16")]
    [InlineData("'cuda1' names no device", "--engine", "torch", "--device", "cuda1")]
    [InlineData("cuda:1 is named twice", "--engine", "torch", "--device", "cuda:1,cuda:1")]
    [InlineData("different vectors", "--engine", "torch", "--device", "cpu,cuda:0")]
    [InlineData("--tokenizer theirs: write rtmatch or ml", "--engine", "torch", "--tokenizer", "theirs")]
    [InlineData("--precision f16: states of large models overflow", "--engine", "torch", "--precision", "f16")]
    [InlineData("--http ftp://here", "--http", "ftp://here")]
    [InlineData("--name a;b", "--name", "a;b")]
    [InlineData("--advertise 0.0.0.0", "--advertise", "0.0.0.0")]
    [InlineData("--silo-port 70000", "--silo-port", "70000")]
    [InlineData("--shutdown-time -1", "--shutdown-time", "-1")]
    [InlineData("JsonBytes", "--limit", "Nothing=1")]
    public async Task A_wrong_command_line_is_one_clear_line(string said, params string[] arguments)
    {
        var (code, output) = await SiloProcess.EndedAsync("Host=nowhere", arguments);
        Assert.Equal(2, code);
        Assert.StartsWith("rtmatch-silo: ", output, StringComparison.Ordinal);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gpu_that_is_not_there_is_told_before_anything_is_begun()
    {
        // No machine has so many; without a driver or libtorch that is told. The database, which is nowhere, is not asked.
        var (code, output) = await SiloProcess.EndedAsync("Host=nowhere", "--engine", "torch", "--device", "cuda:4095");
        Assert.Equal(1, code);
        Assert.Single(output.Split('\n'));
        Assert.Matches("^rtmatch-silo: .*(libtorch|driver|cuda:4095 is not there)", output);
    }

    [Fact]
    public async Task Help_names_the_limits_the_environment_and_what_is_not_encrypted()
    {
        var (code, output) = await SiloProcess.EndedAsync("Host=nowhere", "--help");
        Assert.Equal(0, code);
        Assert.All(LimitSettings.All, limit => Assert.Contains($"{limit.Name}={limit.Default} ", output, StringComparison.Ordinal));
        string[] words =
        [
            "RTMATCH_ENGINE", "RTMATCH_DEVICE", "RTMATCH_PRECISION", "RTMATCH_TOKENIZER", "RTMATCH_LIBTORCH", "RTMATCH_WORK", "RTMATCH_HTTP",
            "ConnectionStrings__rtmatch", "not encrypted",
        ];
        Assert.All(words, word => Assert.Contains(word, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_environment_says_stands_where_the_command_line_says_nothing()
    {
        await using var test = await TestDatabase.CreateAsync();
        var environment = new Dictionary<string, string>
        {
            ["RTMATCH_NAME"] = "from-environment", ["RTMATCH_ENGINE"] = "none", ["RTMATCH_CLUSTER"] = "other", ["RTMATCH_REQUIRE_KEYS"] = "true",
        };
        await using var silo = await SiloProcess.StartAsync(test.ConnectionString, environment, "--cluster", "given");
        Assert.Equal("from-environment", silo.Name);
        Assert.Contains("in cluster given; engine none; works on parse", silo.Output, StringComparison.Ordinal);
        Assert.Contains("API keys required", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line_and_the_cluster_is_left()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var first = await SiloProcess.StartAsync(test.ConnectionString, "--engine", "none", "--name", "first");
        var (code, output) = await SiloProcess.EndedAsync(test.ConnectionString, "--engine", "none", "--name", "second", "--http", first.Address);
        Assert.Equal(1, code);
        Assert.Contains("address already in use", output, StringComparison.Ordinal);
        Assert.Equal(ClusterView.Dead, (await new ClusterView(test.Source).StatusAsync())["second"]);

        (code, output) = await SiloProcess.EndedAsync(
            test.ConnectionString, "--engine", "none", "--http", "http://127.0.0.1:0", "--silo-port", first.Endpoint.Split(':')[1]);
        Assert.Equal(1, code);
        Assert.Contains("choose another with --silo-port", output, StringComparison.Ordinal);
    }
}
