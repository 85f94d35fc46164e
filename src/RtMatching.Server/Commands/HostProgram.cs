using System.CommandLine;
using System.CommandLine.Help;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Commands;

/// <summary>A program that serves until it is told to stop: its help, its messages, its exit codes.</summary>
/// <param name="name">As it is called on the command line, before each line that it says.</param>
/// <param name="listenOption">The option that says where to listen.</param>
internal sealed class HostProgram(string name, string listenOption)
{
    private const int Failed = 1;
    private const int Usage = 2;

    /// <param name="environment">Variables and what they set, for the help.</param>
    /// <param name="given">The arguments, others from the environment included, once it is known what the command line holds.</param>
    public async Task<int> RunAsync(
        RootCommand command, string[] args, IEnumerable<(string Name, string Meaning)> environment, Func<ParseResult, string[]>? given = null)
    {
        if (command.Options.OfType<HelpOption>().SingleOrDefault() is { Action: HelpAction help } option) option.Action = new HostHelp(help, environment);
        var parsed = command.Parse(args);
        if (given is not null) parsed = command.Parse(given(parsed));
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) Say(error.Message);
            Say($"see '{name} --help'");
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

    /// <summary>Until it is told to stop; the second signal ends the process at once.</summary>
    /// <param name="started">What to say when it listens, after the addresses.</param>
    public async Task<int> ServeAsync(WebApplication app, Func<string> started, CancellationToken cancellation)
    {
        using var second = new SecondSignal();
        await app.StartAsync(cancellation);
        Say($"listening on {string.Join(' ', app.Urls)}; {started()}");
        await app.WaitForShutdownAsync(CancellationToken.None);
        return 0;
    }

    private string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "stopped before it listened",
        Npgsql.PostgresException postgres => $"PostgreSQL refused: {postgres.MessageText} ({postgres.SqlState})",
        Npgsql.NpgsqlException npgsql => $"the database does not answer: {npgsql.Message}. Check {Database.Variable}",
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } bind => $"{bind.Message} Choose another with {listenOption}, or stop what listens there",
        System.Net.Sockets.SocketException socket => $"cannot listen there: {socket.Message}; choose another address with {listenOption}",
        InvalidOperationException { TargetSite.DeclaringType.Namespace: { } place } https when place.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) =>
            $"{https.Message.Split('\n')[0].Trim()} For https, set Kestrel__Certificates__Default__Path and Kestrel__Certificates__Default__Password",
        UsageException or IOException or UnauthorizedAccessException => exception.Message,
        _ when exception.GetType().Namespace?.StartsWith(nameof(RtMatching), StringComparison.Ordinal) == true => exception.Message,
        _ => $"unexpected {exception.GetType().Name}: {exception.Message} (RTMATCH_DEBUG=1 shows where)",
    };

    private void Say(string line) => Console.Error.WriteLine($"{name}: {line}");
}
