using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Microsoft.AspNetCore.Http;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;
using RtMatching.Server.Limits;
using RtMatching.Server.Security;

namespace RtMatching.Server;

/// <summary>The command line of <c>rtmatch-server</c>.</summary>
internal static class ServerCommand
{
    private const int Failed = 1;
    private const int Usage = 2;
    private const string DefaultUrl = "http://127.0.0.1:8080";

    private static readonly Option<string> Urls = new("--urls")
    {
        Description = "Where to listen, for example http://0.0.0.0:8080; several with semicolons. Off loopback, requests need API keys.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ASPNETCORE_URLS") is { Length: > 0 } set ? set : DefaultUrl,
        HelpName = "URL",
    };

    private static readonly Option<string> Work = new("--work")
    {
        Description = "Stages of the queue worked on here: both, one of them, or none.",
        DefaultValueFactory = _ => "parse,embed",
        HelpName = "STAGES",
    };

    private static readonly Option<bool> RequireKeys = new("--require-keys")
    {
        Description = "Ask for API keys on loopback too, for example behind a proxy of the same machine.",
    };

    private static readonly Option<string[]> Limit = new("--limit")
    {
        Description = "Another limit than below, for example Rankings=16; any number of times.",
        HelpName = "NAME=N",
    };

    private static readonly Option<string?> DatabaseName = new("--database") { Description = "Another database on the same server.", HelpName = "NAME" };

    public static async Task<int> RunAsync(string[] args)
    {
        var command = new RootCommand("Serves RtMatching over HTTP.") { Urls, Work, RequireKeys, Limit, DatabaseName };
        command.SetAction(ServeAsync);
        if (command.Options.OfType<HelpOption>().SingleOrDefault() is { Action: HelpAction help } option) option.Action = new HelpWithLimits(help);
        var parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) Say(error.Message);
            Say("see 'rtmatch-server --help'");
            return Usage;
        }

        try
        {
            // The host handles the signals: it stops taking requests first, and what is leased is handed back.
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception exception)
        {
            if (Environment.GetEnvironmentVariable("RTMATCH_DEBUG") == "1") Console.Error.WriteLine(exception);
            Say(Describe(exception));
            return exception is UsageException ? Usage : Failed;
        }
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var urls = Checked(parsed.GetValue(Urls)!);
        if (!TryParseWork(parsed.GetValue(Work)!, out var work)) throw new UsageException($"--work {parsed.GetValue(Work)}: write parse,embed, parse, embed or none");
        var options = new ServerOptions
        {
            Work = work, RequireKeys = parsed.GetValue(RequireKeys), Limits = Limits(parsed.GetValue(Limit) ?? []),
        };
        await using var database = await Database.OpenAsync(
            cancellation: cancellation, database: parsed.GetValue(DatabaseName), say: Console.Error.WriteLine);
        await using var app = RtMatchingHost.Build(database, options, urls);
        using var second = new SecondSignal();
        await app.StartAsync(cancellation);
        Say(Started(app, options));
        await app.WaitForShutdownAsync(CancellationToken.None);
        return 0;
    }

    private static string Started(WebApplication app, ServerOptions options)
    {
        var keys = app.Services.GetRequiredService<Exposure>().KeysRequired ? "API keys required" : "no API keys needed, on loopback only";
        var work = options.Work == 0 ? "on no stage of the queue" : $"on {options.Work.ToString().ToLowerInvariant().Replace("all", "parse, embed", StringComparison.Ordinal)}";
        return $"listening on {string.Join(' ', app.Urls)}; {keys}; works {work}";
    }

    /// <exception cref="UsageException">One of them is no address to listen on.</exception>
    private static string Checked(string urls)
    {
        foreach (var url in urls.Split(';'))
        {
            if (!IsAddress(url)) throw new UsageException($"--urls {url}: write an address like {DefaultUrl}, http://[::]:8080 or http://unix:/run/rtmatch.sock");
        }

        return urls;
    }

    private static bool IsAddress(string url)
    {
        try
        {
            return BindingAddress.Parse(url) is { Scheme: "http" or "https", PathBase: "", Port: >= 0 and <= ushort.MaxValue };
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static RequestLimits Limits(IEnumerable<string> settings)
    {
        try
        {
            return settings.Aggregate(LimitSettings.FromEnvironment(Environment.GetEnvironmentVariables()), LimitSettings.Set);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message);
        }
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

    private static string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "stopped before it listened",
        Npgsql.PostgresException postgres => $"PostgreSQL refused: {postgres.MessageText} ({postgres.SqlState})",
        Npgsql.NpgsqlException npgsql => $"the database does not answer: {npgsql.Message}. Check {Database.Variable}",
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } bind => $"{bind.Message} Choose another with --urls, or stop what listens there",
        System.Net.Sockets.SocketException socket => $"cannot listen there: {socket.Message}; choose another address with --urls",
        InvalidOperationException { TargetSite.DeclaringType.Namespace: { } place } https when place.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) =>
            $"{https.Message.Split('\n')[0].Trim()} For https, set Kestrel__Certificates__Default__Path and Kestrel__Certificates__Default__Password",
        UsageException or IOException or UnauthorizedAccessException => exception.Message,
        _ when exception.GetType().Namespace?.StartsWith(nameof(RtMatching), StringComparison.Ordinal) == true => exception.Message,
        _ => $"unexpected {exception.GetType().Name}: {exception.Message} (RTMATCH_DEBUG=1 shows where)",
    };

    private static void Say(string line) => Console.Error.WriteLine($"rtmatch-server: {line}");

    /// <summary>The command line asks for something that cannot be; the message says what to write instead.</summary>
    private sealed class UsageException(string message) : Exception(message);

    /// <summary>The limits and the environment below what System.CommandLine prints.</summary>
    private sealed class HelpWithLimits(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parsed)
        {
            var result = help.Invoke(parsed);
            var output = parsed.InvocationConfiguration.Output;
            output.WriteLine("Limits, with their defaults:");
            foreach (var (name, value, description) in LimitSettings.All) output.WriteLine($"  {name + '=' + value,-28}  {description}");
            output.WriteLine();
            output.WriteLine("Environment:");
            output.WriteLine($"  {Database.Variable,-28}  the database; without it, a private PostgreSQL of this user");
            output.WriteLine($"  {LimitSettings.Variable + "NAME",-28}  a limit, as --limit sets it");
            output.WriteLine($"  {"ASPNETCORE_URLS",-28}  where to listen, as --urls says it");
            output.WriteLine($"  {"Kestrel__Certificates__...",-28}  Default__Path and Default__Password of the certificate for https");
            output.WriteLine($"  {"RTMATCH_MODELS",-28}  the folder of models that requests may name");
            output.WriteLine($"  {"RTMATCH_DEBUG=1",-28}  shows where an unexpected error comes from");
            output.WriteLine();
            output.WriteLine("Ends with 0 (stopped as told), 1 (failed) or 2 (wrong command line).");
            return result;
        }
    }
}
