using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Npgsql;
using Orleans.Hosting;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Server;
using RtMatching.Server.Commands;
using RtMatching.Server.Security;
using RtMatching.Silo.Clustering;
using RtMatching.Silo.Shutdown;
using RtMatching.Torch;

namespace RtMatching.Silo;

/// <summary>The command line of <c>rtmatch-silo</c>.</summary>
internal static class SiloCommand
{
    private const int LongestName = 100;
    private const int Connections = 24;

    private static readonly HostProgram Program = new("rtmatch-silo", "--http");

    private static readonly Option<string?> Work = new("--work")
    {
        Description = "Stages of the queue worked on here: both, one of them, or none [default: parse,embed; parse without an engine].", HelpName = "STAGES",
    };

    private static readonly Option<string> Http = new("--http")
    {
        Description = "Where to answer requests, for example :8080 for every address; several with semicolons. Off loopback, requests need API keys.",
        DefaultValueFactory = _ => HostSettings.DefaultUrl,
        HelpName = "URL",
    };

    private static readonly Option<string?> Name = new("--name")
    {
        Description = "What the others know this silo by; unique in the cluster [default: the machine's name and the process's number].", HelpName = "NAME",
    };

    private static readonly Option<string> Cluster = new("--cluster")
    {
        Description = "Silos of one name and one database are one cluster.", DefaultValueFactory = _ => "rtmatch", HelpName = "NAME",
    };

    private static readonly Option<int> SiloPort = new("--silo-port") { Description = "Where other silos reach this one; 0 takes a free one.", HelpName = "PORT" };

    private static readonly Option<IPAddress?> Advertise = new("--advertise")
    {
        Description = "The address at which other silos reach this one. What silos say to each other is not encrypted: off loopback, this must be " +
            "a network of their own [default: loopback where --http is, else the machine's address].",
        HelpName = "IP",
        CustomParser = AddressOf,
    };

    private static readonly Option<int> GatewayPort = new("--gateway-port")
    {
        Description = "Opens a gateway for programs that talk Orleans; nothing of RtMatching needs one, and it asks for no key. 0 opens none.", HelpName = "PORT",
    };

    private static readonly Option<int> ShutdownTime = new("--shutdown-time")
    {
        Description = $"How long a stopping silo finishes what it does before it hands back what it leased; after {ShutdownSetup.Farewell.TotalSeconds:0} s more it is gone.", DefaultValueFactory = _ => 20, HelpName = "SECONDS",
    };

    /// <summary>What containers set in place of options.</summary>
    private static readonly EnvironmentOptions Variables = new(
        (EngineOptions.Engine, "RTMATCH_ENGINE"), (EngineOptions.Device, "RTMATCH_DEVICE"), (EngineOptions.Precision, "RTMATCH_PRECISION"),
        (EngineOptions.Tokenizer, "RTMATCH_TOKENIZER"), (Work, "RTMATCH_WORK"), (Http, "RTMATCH_HTTP"), (Name, "RTMATCH_NAME"),
        (Cluster, "RTMATCH_CLUSTER"), (Cluster, "Orleans__ClusterId"),          // the second ones are what Aspire's Orleans resource gives
        (SiloPort, "RTMATCH_SILO_PORT"), (SiloPort, "Orleans__Endpoints__SiloPort"), (Advertise, "RTMATCH_ADVERTISE"),
        (GatewayPort, "RTMATCH_GATEWAY_PORT"), (GatewayPort, "Orleans__Endpoints__GatewayPort"),
        (HostSettings.RequireKeys, "RTMATCH_REQUIRE_KEYS"), (HostSettings.DatabaseName, "RTMATCH_DATABASE"), (ShutdownTime, "RTMATCH_SHUTDOWN_TIME"));

    /// <param name="load">Gives the model at a path to the engine cpu, in place of the files there; null is the built-in model.</param>
    /// <param name="configure">What a program with grains of its own adds to the silo.</param>
    public static Task<int> RunAsync(string[] args, Func<string?, LanguageModel>? load = null, Action<ISiloBuilder>? configure = null)
    {
        var command = new RootCommand("A silo of an RtMatching cluster: works on the queue, embeds, and answers requests over HTTP.")
        {
            EngineOptions.Engine, EngineOptions.Device, EngineOptions.Precision, EngineOptions.Tokenizer, Work, Http, Name, Cluster, SiloPort,
            Advertise, GatewayPort, HostSettings.RequireKeys, HostSettings.Limit, HostSettings.DatabaseName, ShutdownTime,
        };
        command.SetAction((parsed, cancellation) => ServeAsync(parsed, load, configure, cancellation));
        var environment = Variables.Help.Append((TorchLibrary.Variable, "folder of libtorch, where the program was built without one"));
        return Program.RunAsync(command, args, environment, Variables.Add);
    }

    private static async Task<int> ServeAsync(
        ParseResult parsed, Func<string?, LanguageModel>? load, Action<ISiloBuilder>? configure, CancellationToken cancellation)
    {
        var asked = EngineOptions.Read(parsed);
        var options = Options(parsed, asked);
        options = options with { Engine = asked.Find(load ?? LanguageModel.Load) };     // what it lacks is told before anything is begun
        var connectionString = "";
        await using var database = await Database.OpenAsync(
            cancellation: cancellation, database: parsed.GetValue(HostSettings.DatabaseName), say: Console.Error.WriteLine,
            configure: pool =>
            {
                pool.UseVector();
                Bound(pool.ConnectionStringBuilder);
                connectionString = pool.ConnectionString;
            });
        await GivenKey.AdoptAsync(database, cancellation);
        await ClusterTables.ApplyAsync(database.Source, cancellation);
        if (await ClusterTables.ForgetDeadAsync(database.Source, options.Cluster, ClusterSetup.SignsOfLife * 1.5, cancellation) is > 0 and var gone)
            Console.Error.WriteLine($"rtmatch-silo: {gone} silos of cluster {options.Cluster} are gone without a word for a minute; declared dead");
        await using var app = SiloHost.Build(database, connectionString, options, configure);
        return await ServeAsync(app, options, cancellation);
    }

    private static async Task<int> ServeAsync(WebApplication app, SiloOptions options, CancellationToken cancellation)
    {
        using var lost = new LostDevice(app.Lifetime);
        int code;
        try
        {
            code = await Program.ServeAsync(app, () => Started(app, options), cancellation);
        }
        catch
        {
            await LeaveAsync(app);
            lost.ThrowIfAny();
            throw;
        }

        lost.ThrowIfAny();
        return code;
    }

    /// <summary>It may have joined already: so that it leaves, and is not missed for a while.</summary>
    private static async Task LeaveAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException)
        {
            // It had not joined, and Orleans cannot stop what has not started: why it did not start is what is told.
        }
    }

    /// <summary>Where the connection string does not say how many connections, fewer than Npgsql's hundred: silos are many, PostgreSQL's are few.</summary>
    private static void Bound(NpgsqlConnectionStringBuilder connection)
    {
        if (!connection.ShouldSerialize("Maximum Pool Size")) connection.MaxPoolSize = Connections;
    }

    private static string Started(WebApplication app, SiloOptions options) =>
        $"{app.Services.GetRequiredService<Exposure>().Describe()}; silo {options.Name} at {options.Address} in cluster {options.Cluster}; " +
        $"engine {options.Engine?.Name ?? "none"}; works {HostSettings.Describe(options.Work)}";

    private static SiloOptions Options(ParseResult parsed, AskedEngine engine)
    {
        var urls = HostSettings.CheckedUrls("--http", string.Join(';', parsed.GetValue(Http)!.Split(';').Select(Url)));
        var work = WorkOf(parsed.GetValue(Work), engine.Kind);
        var address = parsed.GetValue(Advertise) ?? (urls.Split(';').All(Exposure.IsLocal) ? IPAddress.Loopback : SiloAddresses.OfMachine());
        return new SiloOptions
        {
            Name = Checked("--name", parsed.GetValue(Name) ?? $"{Environment.MachineName}-{Environment.ProcessId}"),
            Cluster = Checked("--cluster", parsed.GetValue(Cluster)!),
            Work = work, Urls = urls,
            Address = SiloAddresses.At(address, Port("--silo-port", parsed.GetValue(SiloPort))),
            GatewayPort = Port("--gateway-port", parsed.GetValue(GatewayPort)),
            Server = new ServerOptions
            {
                Service = "rtmatch-silo", Work = work, RequireKeys = parsed.GetValue(HostSettings.RequireKeys),
                Limits = HostSettings.Limits(parsed.GetValue(HostSettings.Limit) ?? []), ShutdownTime = Seconds(parsed.GetValue(ShutdownTime)),
            },
        };
    }

    /// <summary><c>:8080</c> is every address of the machine.</summary>
    private static string Url(string text) => text.StartsWith(':') ? $"http://*{text}" : text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";

    private static IngestionStages WorkOf(string? text, string? engine)
    {
        if (text is null) return engine is null ? IngestionStages.Parse : IngestionStages.All;
        var work = HostSettings.Work(text);
        return engine is null && work.HasFlag(IngestionStages.Embed)
            ? throw new UsageException($"--work {text} with --engine none: embedding needs an engine; write --engine cpu or torch, or --work parse")
            : work;
    }

    /// <summary>Names stand in tables, logs, paths of the API and lines between semicolons.</summary>
    private static string Checked(string option, string name) =>
        name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? name
            : throw new UsageException($"{option} {name}: write up to {LongestName} letters, digits, -, _ and .");

    private static int Port(string option, int port) =>
        port is >= 0 and <= ushort.MaxValue ? port : throw new UsageException($"{option} {port}: write a port from 0 to {ushort.MaxValue}");

    private static TimeSpan Seconds(int seconds) =>
        seconds is >= 0 and <= 3600 ? TimeSpan.FromSeconds(seconds) : throw new UsageException($"--shutdown-time {seconds}: write 0 to 3600 seconds");

    private static IPAddress? AddressOf(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (IPAddress.TryParse(text, out var address) && !SiloAddresses.IsEverywhere(address)) return address;
        result.AddError($"--advertise {text}: write an address of this machine as the other silos reach it, for example 10.0.0.7");
        return null;
    }
}
