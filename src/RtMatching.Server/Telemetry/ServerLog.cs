namespace RtMatching.Server.Telemetry;

/// <summary>What the server itself logs; ingestion's events are Core's.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(200, LogLevel.Information, "Model {Model} loaded in {Seconds:0.00} s", EventName = "ModelLoaded")]
    public static partial void ModelLoaded(this ILogger logger, string model, double seconds);

    [LoggerMessage(201, LogLevel.Warning, "Recall could not be measured: {Error}", EventName = "RecallNotMeasured")]
    public static partial void RecallNotMeasured(this ILogger logger, string error);
}
