using System.Text.Json;
using RtMatching.Cli;
using RtMatching.Cli.Remote;
using RtMatching.Core.Operations;
using RtMatching.Tests.Server;
using static RtMatching.Tests.Server.ClusterBackend;

namespace RtMatching.Tests.Cli;

/// <summary><c>rtmatch silos</c> and <c>rtmatch status</c> against the server of a cluster.</summary>
public sealed class SilosTests : IAsyncLifetime
{
    private ServerHost _server = null!;
    private ClusterBackend _cluster = null!;

    public async Task InitializeAsync() => (_server, _cluster) = await ServeAsync(null, Silo("alpha"), Silo("beta") with { Work = ["parse"], Engine = null });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private Task<CliProcess> RunAsync(params string[] arguments) => CliProcess.RunAsync([.. arguments, "--server", _server.Address]);

    [Fact]
    public async Task Silos_are_listed_as_a_table_as_json_and_in_the_status()
    {
        _cluster.Set(Silo("alpha\u001b[31m\tx") with { Batches = 2, Grains = new Dictionary<string, int> { ["matching"] = 12, ["ingestion"] = 1 } });
        const string Row = "alpha [31m x\tactive\tparse, embed\tcpu\t2\tingestion 1, matching 12\t0 s ago\t1.2.0\t";
        var list = await RunAsync("silos", "list");
        Assert.Equal((ExitCode.Ok, $"silo\tstate\tworks on\tengine\tin flight\tgrains\tseen\tversion\tproblem\taddress\n{Row}\t10.0.0.1:11111\n"), (list.ExitCode, list.Output));
        var json = JsonDocument.Parse((await RunAsync("silos", "list", "--json")).Output).RootElement;
        Assert.Equal(12, json[0].GetProperty("grains").GetProperty("matching").GetInt32());
        Assert.Contains($"\nsilos\nsilo\tstate\t", (await RunAsync("status")).Output, StringComparison.Ordinal);
        Assert.Contains($"\n{Row}\n", (await RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_is_drained_waited_for_and_resumed()
    {
        _cluster.Set(Silo("alpha") with { Batches = 4 }, Silo("beta"));
        _cluster.Step = silo => silo with { Batches = Math.Max(0, silo.Batches - 2), SeenSecondsAgo = 0 };
        var at = System.Diagnostics.Stopwatch.StartNew();
        var drained = await RunAsync("silos", "drain", "alpha", "--wait");
        Assert.Equal((ExitCode.Ok, "", "silo alpha drains: nothing in flight\n"), (drained.ExitCode, drained.Output, drained.Error));
        Assert.True(at.Elapsed > SiloDrain.Settle);
        _cluster.Step = null;
        var again = await RunAsync("silos", "drain", "beta", "--json");
        Assert.Equal("draining", JsonDocument.Parse(again.Output).RootElement.GetProperty("state").GetString());
        var resumed = await RunAsync("silos", "resume", "alpha");
        Assert.Equal((ExitCode.Ok, "silo alpha works again\n"), (resumed.ExitCode, resumed.Error));
        Assert.Equal(["active", "draining"], (await _cluster.SilosAsync(default)).Select(silo => silo.State));
    }

    [Fact]
    public async Task Waiting_ends_with_its_time_and_says_how_to_wait_on()
    {
        _cluster.Set(Silo("alpha") with { Batches = 1 });
        var late = await RunAsync("silos", "drain", "alpha", "--wait", "--timeout", "1");
        Assert.Equal(ExitCode.Failed, late.ExitCode);
        Assert.Contains("silo alpha is not empty after 1 s: draining, 1 batch in flight, seen 0 s ago", late.Error, StringComparison.Ordinal);
        Assert.Equal("draining", (await _cluster.SilosAsync(default))[0].State);
    }

    [Fact]
    public async Task Waiting_ends_when_the_silo_leaves_starts_anew_or_is_resumed()
    {
        _cluster.Set(Silo("alpha") with { Batches = 1 }, Silo("beta") with { Batches = 1 }, Silo("gamma") with { Batches = 1 });
        _cluster.Step = silo => silo.Name switch
        {
            "alpha" => silo with { State = SiloState.Dead },
            "beta" => silo with { State = SiloState.Active, Address = "10.0.0.9:1" },
            _ => silo with { State = SiloState.Active },
        };
        foreach (var name in new[] { "alpha", "beta" })
        {
            var left = await RunAsync("silos", "drain", name, "--wait");
            Assert.Equal((ExitCode.Ok, $"silo {name} has left the cluster\n"), (left.ExitCode, left.Error));
        }

        var resumed = await RunAsync("silos", "drain", "gamma", "--wait");
        Assert.Equal(ExitCode.Failed, resumed.ExitCode);
        Assert.Contains("somebody had it work again", resumed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SiloState.Draining, 0, 0.5, 3.1, "Empty")]
    [InlineData(SiloState.Stopping, 0, 0.5, 3.1, "Empty")]
    [InlineData(SiloState.Draining, 0, 0.5, 2.9, "Busy")]         // the report may be older than what the silo was given
    [InlineData(SiloState.Draining, 0, 30.0, 20.0, "Busy")]       // it has gone silent
    [InlineData(SiloState.Draining, 0, null, 60.0, "Busy")]
    [InlineData(SiloState.Draining, 1, 0.0, 60.0, "Busy")]
    [InlineData(SiloState.Active, 0, 0.0, 2.0, "Busy")]           // the server may not have heard yet
    [InlineData(SiloState.Active, 0, 0.0, 3.0, "Resumed")]
    [InlineData(SiloState.Dead, 5, 60.0, 1.0, "Gone")]
    public void Nothing_is_in_flight_once_a_report_from_after_the_draining_says_so(string state, int batches, double? seen, double since, string expected) =>
        Assert.Equal(expected, SiloDrain.StateOf(Silo("a", state) with { Batches = batches, SeenSecondsAgo = seen }, TimeSpan.FromSeconds(since)).ToString());

    [Fact]
    public async Task What_cannot_be_done_is_told_with_the_right_exit_code()
    {
        var unknown = await RunAsync("silos", "drain", "a/../b c\u001b[31m");
        Assert.Equal((ExitCode.Failed, true), (unknown.ExitCode, unknown.Error.Contains("there are: alpha, beta", StringComparison.Ordinal)));
        Assert.DoesNotContain('\u001b', unknown.Error);
        foreach (var arguments in new string[][] { ["drain", ".."], ["drain", "alpha", "--timeout", "5"], ["drain", "alpha", "--wait", "--timeout", "0"], ["drain"] })
            Assert.Equal(ExitCode.Usage, (await RunAsync(["silos", .. arguments])).ExitCode);
        var nowhere = await CliProcess.RunAsync(["silos", "list"]);
        Assert.Equal((ExitCode.Usage, true), (nowhere.ExitCode, nowhere.Error.Contains("--server URL", StringComparison.Ordinal)));
        Assert.Equal(["active", "active"], (await _cluster.SilosAsync(default)).Select(silo => silo.State));
    }

    [Fact]
    public async Task A_server_that_is_no_cluster_has_no_silos()
    {
        await using var server = await ServerHost.StartAsync(new RtMatching.Server.ServerOptions { Work = 0 });
        var list = await CliProcess.RunAsync(["silos", "list", "--server", server.Address]);
        Assert.Equal((ExitCode.Ok, "", true), (list.ExitCode, list.Output, list.Error.Contains("not a cluster", StringComparison.Ordinal)));
        var drain = await CliProcess.RunAsync(["silos", "drain", "alpha", "--server", server.Address]);
        Assert.Equal((ExitCode.Failed, true), (drain.ExitCode, drain.Error.Contains("one process, not a cluster", StringComparison.Ordinal)));
        Assert.DoesNotContain("silos", (await CliProcess.RunAsync(["status", "--server", server.Address])).Output, StringComparison.Ordinal);
    }
}
