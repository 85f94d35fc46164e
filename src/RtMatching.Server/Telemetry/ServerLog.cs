namespace RtMatching.Server.Telemetry;

/// <summary>What the server itself logs; ingestion's events are Core's.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(201, LogLevel.Warning, "Recall could not be measured: {Error}", EventName = "RecallNotMeasured")]
    public static partial void RecallNotMeasured(this ILogger logger, string error);
}
