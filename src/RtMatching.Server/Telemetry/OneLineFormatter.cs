using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace RtMatching.Server.Telemetry;

/// <summary>
/// A log entry as one line: time, level, category, event, message, trace. Of an exception its type and where it was thrown: its message
/// may quote a document.
/// </summary>
internal sealed class OneLineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "rtmatch";

    private const int MaxFrames = 4;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        textWriter.Write($" {Level(logEntry.LogLevel)} {logEntry.Category}");
        if (logEntry.EventId.Name is { } name) textWriter.Write($"[{name}]");
        textWriter.Write($" {OneLine(logEntry.Formatter(logEntry.State, null))}");
        if (logEntry.Exception is { } exception) textWriter.Write($" {exception.GetType().FullName} at {Place(exception)}");
        if (Activity.Current is { } activity) textWriter.Write($" trace={activity.TraceId}");
        textWriter.WriteLine();
    }

    /// <summary>Where it was thrown, and the way there through our own code.</summary>
    private static string Place(Exception exception)
    {
        var methods = new StackTrace(exception, fNeedFileInfo: false).GetFrames().Select(frame => frame.GetMethod()).OfType<MethodBase>()
            .Select(method => $"{method.DeclaringType?.FullName}.{method.Name}").ToList();
        return string.Join(" < ", methods.Take(1).Concat(methods.Skip(1).Where(IsOurs).Take(MaxFrames)));
    }

    private static bool IsOurs(string method) => method.StartsWith(nameof(RtMatching), StringComparison.Ordinal);

    /// <summary>What comes from outside must not fake a line of its own.</summary>
    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
