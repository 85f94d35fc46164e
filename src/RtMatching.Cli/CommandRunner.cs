using System.CommandLine;
using Npgsql;

namespace RtMatching.Cli;

/// <summary>Runs the command line and turns whatever goes wrong into one clear line and the right exit code.</summary>
internal static class CommandRunner
{
    /// <summary>How long a command may take to hand back its leases after Ctrl+C.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) Console.Error.WriteLine($"rtmatch: {error.Message}");
            Console.Error.WriteLine($"rtmatch: see 'rtmatch {parsed.CommandResult.CommandPath()}--help'");
            return ExitCode.Usage;
        }

        using var telemetry = CommandTelemetry.Start(parsed);
        try
        {
            return telemetry.Ended(await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopTime }));
        }
        catch (Exception exception)
        {
            telemetry.Failed(exception);
            return telemetry.Ended(Report(exception));
        }
    }

    private static int Report(Exception exception)
    {
        if (exception is AggregateException { InnerExceptions: [var only] }) exception = only;
        Console.Error.WriteLine($"rtmatch: {Describe(exception)}");
        if (Environment.GetEnvironmentVariable("RTMATCH_DEBUG") == "1") Console.Error.WriteLine(exception);
        return exception is UsageException ? ExitCode.Usage : ExitCode.Failed;
    }

    private static string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "stopped; the same command goes on where it was",
        UsageException or CommandException => exception.Message,
        ArgumentException argument => WithoutParameter(argument),
        PostgresException postgres => $"PostgreSQL refused: {postgres.MessageText} ({postgres.SqlState})",
        NpgsqlException npgsql => $"the database does not answer: {npgsql.Message}. Try 'rtmatch db status', or check ConnectionStrings__rtmatch",
        IOException or UnauthorizedAccessException => exception.Message,
        _ when IsOurs(exception) => exception.Message,
        _ => $"unexpected {exception.GetType().Name}: {exception.Message} (RTMATCH_DEBUG=1 shows where)",
    };

    /// <summary>Our own exception types carry messages written for the user.</summary>
    private static bool IsOurs(Exception exception) => exception.GetType().Namespace?.StartsWith(nameof(RtMatching), StringComparison.Ordinal) == true;

    /// <summary>.NET appends "(Parameter 'x')", which means nothing to a user.</summary>
    private static string WithoutParameter(ArgumentException exception) =>
        exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;

    /// <summary>The names of the command and those above it, a space after each, without the program's.</summary>
    public static string CommandPath(this System.CommandLine.Parsing.CommandResult result)
    {
        var names = new Stack<string>();
        for (var current = result; current?.Parent is System.CommandLine.Parsing.CommandResult parent; current = parent) names.Push(current.Command.Name + " ");
        return string.Concat(names);
    }
}
