using System.CommandLine;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;

namespace RtMatching.Server;

/// <summary>The command line of <c>rtmatch-server</c>.</summary>
internal static class ServerCommand
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    private static readonly Option<string> Urls = new("--urls")
    {
        Description = "Where to listen, for example http://0.0.0.0:8080; several with semicolons. Off loopback, requests need API keys.",
        DefaultValueFactory = _ => DefaultUrl,
        HelpName = "URL",
    };

    private static readonly Option<IngestionStages> Work = new("--work")
    {
        Description = "Stages of the queue worked on here: parse,embed, one of them, or none.",
        DefaultValueFactory = _ => IngestionStages.All,
        CustomParser = result =>
        {
            if (TryParseWork(result.Tokens[0].Value, out var stages)) return stages;
            result.AddError($"--work {result.Tokens[0].Value}: write parse,embed, parse, embed or none");
            return default;
        },
        HelpName = "STAGES",
    };

    private static readonly Option<string?> DatabaseName = new("--database") { Description = "Another database on the same server.", HelpName = "NAME" };

    public static async Task<int> RunAsync(string[] args)
    {
        var command = new RootCommand("Serves RtMatching over HTTP.") { Urls, Work, DatabaseName };
        command.SetAction(ServeAsync);
        var parsed = command.Parse(args);
        foreach (var error in parsed.Errors) Console.Error.WriteLine($"rtmatch-server: {error.Message}");
        return parsed.Errors.Count > 0 ? 2 : await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = true, ProcessTerminationTimeout = null });
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var database = await Database.OpenAsync(
            cancellation: cancellation, database: parsed.GetValue(DatabaseName), say: Console.Error.WriteLine);
        var options = new ServerOptions { Work = parsed.GetValue(Work) };
        await using var app = RtMatchingHost.Build(database, options, parsed.GetValue(Urls)!);
        await app.RunAsync();
        return 0;
    }

    internal static bool TryParseWork(string text, out IngestionStages stages)
    {
        stages = 0;
        if (text == "none") return true;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (name is not ("parse" or "embed")) return false;
            stages |= name == "parse" ? IngestionStages.Parse : IngestionStages.Embed;
        }

        return true;
    }
}
