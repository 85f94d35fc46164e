using System.CommandLine;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RtMatching.Cli.Output;
using RtMatching.Core.Telemetry;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Cli;

/// <summary>
/// A command as the root of a trace, for a collector that <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names; nothing without it. Requests to a
/// server carry the trace on. The arguments stay out: they hold names and texts.
/// </summary>
internal sealed class CommandTelemetry : IDisposable
{
    private static OtlpExport? _export;

    private readonly Activity? _command;

    private CommandTelemetry(ParseResult parsed)
    {
        _export = OtlpExport.Start("rtmatch", Terminal.Say);
        _command = Signals.Source.StartActivity($"rtmatch {parsed.CommandResult.CommandPath()}".TrimEnd());
        _command?.SetTag("process.executable.name", "rtmatch");
    }

    /// <summary>For what runs inside the command; goes to the collector only, as the terminal is for results.</summary>
    public static ILogger Ingestion => (_export ?? throw new InvalidOperationException("No command runs.")).Loggers.CreateLogger("RtMatching.Ingestion");

    public static CommandTelemetry Start(ParseResult parsed) => new(parsed);

    public int Ended(int exitCode)
    {
        _command?.SetTag("process.exit.code", exitCode);
        if (exitCode is not (ExitCode.Ok or ExitCode.SomeItemsNotUsable)) _command?.SetStatus(ActivityStatusCode.Error);
        return exitCode;
    }

    public void Failed(Exception exception) => _command.Fail(exception);

    public void Dispose()
    {
        _command?.Dispose();
        _export?.Dispose();
    }
}
