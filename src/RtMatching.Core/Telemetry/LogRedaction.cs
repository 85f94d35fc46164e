using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace RtMatching.Core.Telemetry;

/// <summary>An exception's message may quote a document, so only its type and where it was thrown are sent.</summary>
internal sealed class LogRedaction : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        if (data.Exception is not { } exception) return;
        data.Exception = null;
        data.Attributes =
        [
            .. data.Attributes ?? [],
            new("exception.type", exception.GetType().FullName),
            new("exception.stacktrace", new StackTrace(exception, fNeedFileInfo: false).ToString()),
        ];
    }
}
