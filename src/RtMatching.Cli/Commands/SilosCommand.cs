using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Cli.Remote;
using RtMatching.Cli.Reports;
using RtMatching.Core.Operations;

namespace RtMatching.Cli.Commands;

/// <summary><c>silos</c>: the processes of a cluster, by way of any of its servers.</summary>
internal static class SilosCommand
{
    /// <summary>An operator at work wants to hear soon that a server is away; one that restarts is worth a moment.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>As long as a timer can be set.</summary>
    private const int MaxSeconds = int.MaxValue / 1000;

    public static Command Create() => new("silos", "Lists the silos of a cluster; empties one before it is stopped, and has it work again.") { List(), Drain(), Resume() };

    private static Command List()
    {
        var command = new Command("list", "The silos: state, work, engine, what is in flight, when they reported last.") { CommonOptions.Server, CommonOptions.Key };
        command.SetAction((parsed, cancellation) => WithServerAsync(parsed, async server =>
        {
            var silos = await SiloDrain.ListAsync(server, cancellation);
            if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(silos);
            else if (silos.Count == 0) Terminal.Say("no silos: this server is one process, not a cluster");
            else Terminal.WriteTable([.. StatusTables.SiloHeader, "address"], silos.Select(silo => (string[])[.. StatusTables.Row(silo), silo.Address]));
        }));
        return command;
    }

    private static Command Drain()
    {
        var name = Name();
        var wait = new Option<bool>("--wait") { Description = "Return once nothing is in flight there, so that it can be stopped." };
        var timeout = new Option<int>("--timeout") { Description = "With --wait: give up after so long.", DefaultValueFactory = _ => 600, HelpName = "SECONDS" };
        timeout.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var seconds) && seconds is < 1 or > MaxSeconds)
                result.AddError($"--timeout {seconds}: write 1 to {MaxSeconds} seconds");
        });
        var command = new Command("drain", "Has a silo take no more work and finish what it has; it still answers requests.")
        {
            name, wait, timeout, CommonOptions.Server, CommonOptions.Key,
        };
        command.Validators.Add(result =>
        {
            if (result.IsGiven(timeout) && !result.GetValue(wait)) result.AddError("--timeout goes with --wait");
        });
        command.SetAction((parsed, cancellation) => WithServerAsync(parsed, async server =>
        {
            var silo = await SetAsync(server, parsed.GetValue(name)!, "drain", cancellation);
            if (parsed.GetValue(wait))
                silo = await new SiloDrain(server).WaitAsync(silo, TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellation);
            Tell(parsed, silo, silo.State == SiloState.Dead ? "has left the cluster" : $"drains: {StatusText.InFlight(silo.Batches)}");
        }));
        return command;
    }

    private static Command Resume()
    {
        var name = Name();
        var command = new Command("resume", "Has a drained silo work again.") { name, CommonOptions.Server, CommonOptions.Key };
        command.SetAction((parsed, cancellation) => WithServerAsync(parsed, async server =>
            Tell(parsed, await SetAsync(server, parsed.GetValue(name)!, "resume", cancellation), "works again")));
        return command;
    }

    private static Argument<string> Name()
    {
        var name = new Argument<string>("name") { Description = "The silo's name, from 'silos list'." };
        name.Validators.Add(result =>
        {
            // A browser or proxy on the way would take these for steps through folders.
            if (result.Tokens is [{ Value: "" or "." or ".." }]) result.AddError("name: write a silo's name, which 'rtmatch silos list' shows");
        });
        return name;
    }

    private static Task<SiloStatus> SetAsync(ServerClient server, string name, string what, CancellationToken cancellation) =>
        server.PostAsync<SiloStatus>($"v1/silos/{Uri.EscapeDataString(name)}/{what}", null, cancellation);

    private static void Tell(ParseResult parsed, SiloStatus silo, string what)
    {
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(silo);
        else Terminal.Say($"silo {Terminal.Plain(silo.Name)} {what}");
    }

    private static async Task<int> WithServerAsync(ParseResult parsed, Func<ServerClient, Task> work)
    {
        using var server = ServerClient.From(parsed, Patience)
            ?? throw new UsageException("silos: name a server of the cluster with --server URL, or with RTMATCH_SERVER");
        await work(server);
        return ExitCode.Ok;
    }
}
