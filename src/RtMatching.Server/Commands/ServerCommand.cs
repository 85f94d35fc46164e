using System.CommandLine;
using RtMatching.Core.Storage;
using RtMatching.Server.Security;

namespace RtMatching.Server.Commands;

/// <summary>The command line of <c>rtmatch-server</c>.</summary>
internal static class ServerCommand
{
    private static readonly HostProgram Program = new("rtmatch-server", "--urls");

    private static readonly Option<string> Urls = new("--urls")
    {
        Description = "Where to listen, for example http://0.0.0.0:8080; several with semicolons. Off loopback, requests need API keys.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ASPNETCORE_URLS") is { Length: > 0 } set ? set : HostSettings.DefaultUrl,
        HelpName = "URL",
    };

    private static readonly Option<string> Work = new("--work")
    {
        Description = "Stages of the queue worked on here: both, one of them, or none.",
        DefaultValueFactory = _ => "parse,embed",
        HelpName = "STAGES",
    };

    public static Task<int> RunAsync(string[] args)
    {
        var command = new RootCommand("Serves RtMatching over HTTP.") { Urls, Work, HostSettings.RequireKeys, HostSettings.Limit, HostSettings.DatabaseName };
        command.SetAction(ServeAsync);
        return Program.RunAsync(command, args, [("ASPNETCORE_URLS", "where to listen, as --urls says it")]);
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var urls = HostSettings.CheckedUrls("--urls", parsed.GetValue(Urls)!);
        var options = new ServerOptions
        {
            Work = HostSettings.Work(parsed.GetValue(Work)!), RequireKeys = parsed.GetValue(HostSettings.RequireKeys),
            Limits = HostSettings.Limits(parsed.GetValue(HostSettings.Limit) ?? []),
        };
        await using var database = await Database.OpenAsync(
            cancellation: cancellation, database: parsed.GetValue(HostSettings.DatabaseName), say: Console.Error.WriteLine);
        await GivenKey.AdoptAsync(database, cancellation);
        await using var app = RtMatchingHost.Build(database, options, urls);
        return await Program.ServeAsync(app, () => Started(app, options), cancellation);
    }

    private static string Started(WebApplication app, ServerOptions options) =>
        $"{app.Services.GetRequiredService<Exposure>().Describe()}; works {HostSettings.Describe(options.Work)}";
}
