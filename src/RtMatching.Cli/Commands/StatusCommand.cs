using System.CommandLine;
using RtMatching.Cli.Output;
using RtMatching.Cli.Remote;
using RtMatching.Cli.Reports;
using RtMatching.Core.Operations;

namespace RtMatching.Cli.Commands;

/// <summary><c>status</c>: what goes on, once or again and again, from the database or from a server.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>Who asks how a server is wants to hear soon that it is away; who watches it wants to see it come back.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const string ClearScreen = "\u001b[H\u001b[2J\u001b[3J";

    private static readonly Option<bool> Watch = new("--watch")
    {
        Description = "Again every two seconds, until Ctrl+C.",
    };

    public static Command Create()
    {
        var command = new Command("status", "What goes on: what is wrong, ingestions, queue, failures, silos, engines, profiles, database.")
        {
            Watch, CommonOptions.Server, CommonOptions.Key,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var watch = parsed.GetValue(Watch);
        try
        {
            if (ServerClient.From(parsed, watch ? null : Patience) is { } server)
            {
                using (server) return await ShowAsync(parsed, token => server.GetAsync<StatusReport>("v1/status", token), cancellation);
            }

            await using var database = await Connection.OpenAsync(parsed, cancellation);
            var reader = new StatusReader(database);
            return await ShowAsync(parsed, token => reader.ReadAsync(cancellation: token), cancellation);
        }
        catch (OperationCanceledException) when (watch && cancellation.IsCancellationRequested)
        {
            return ExitCode.Ok;         // Ctrl+C is how watching ends
        }
    }

    private static async Task<int> ShowAsync(ParseResult parsed, Func<CancellationToken, Task<StatusReport>> read, CancellationToken cancellation)
    {
        var (watch, json) = (parsed.GetValue(Watch), parsed.GetValue(CommonOptions.Json));
        var window = watch && !json && !Console.IsOutputRedirected;
        while (true)
        {
            var report = await read(cancellation);
            if (window) Console.Out.Write(ClearScreen);
            if (json && watch) Console.Out.WriteLine(JsonOutput.ToLine(report));
            else if (json) JsonOutput.Write(report);
            else StatusTables.Write(report, brief: window);
            if (!watch) return ExitCode.Ok;
            await Console.Out.FlushAsync(cancellation);
            await Task.Delay(Every, cancellation);
        }
    }
}
