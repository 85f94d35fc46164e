using Microsoft.Extensions.Logging;
using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Telemetry;

/// <summary>What ingestion logs. Ids and counts only: names of files and rows are names of people.</summary>
internal static partial class IngestionLog
{
    [LoggerMessage(100, LogLevel.Information, "Ingestion {IngestionId} is being worked on", EventName = "IngestionStarted")]
    public static partial void Started(this ILogger logger, long ingestionId);

    [LoggerMessage(101, LogLevel.Information,
        "Ingestion {IngestionId} ended as {State}: {Embedded} embedded, {Unchanged} unchanged, {Rejected} not usable, {Dead} given up",
        EventName = "IngestionFinished")]
    public static partial void Finished(
        this ILogger logger, long ingestionId, string state, long embedded, long unchanged, long rejected, long dead);

    public static void Finished(this ILogger logger, IngestionSummary summary)
    {
        var counts = summary.Counts;
        logger.Finished(summary.Id, Sql.Name(summary.State), counts.Embedded, counts.Unchanged, counts.Rejected, counts.Dead);
    }

    /// <param name="reason">Without a piece of the document.</param>
    [LoggerMessage(102, LogLevel.Information, "Item {ItemId} of ingestion {IngestionId} failed in attempt {Attempt} and waits for the next: {Reason}",
        EventName = "ItemFailed")]
    public static partial void ItemFailed(this ILogger logger, long itemId, long ingestionId, int attempt, string reason);

    /// <param name="reason">Without a piece of the document.</param>
    [LoggerMessage(103, LogLevel.Warning, "Item {ItemId} of ingestion {IngestionId} is given up after {Attempts} attempts: {Reason}",
        EventName = "ItemDeadLettered")]
    public static partial void ItemDead(this ILogger logger, long itemId, long ingestionId, int attempts, string reason);

    [LoggerMessage(104, LogLevel.Warning, "Lease of item {ItemId} of ingestion {IngestionId} reclaimed after attempt {Attempt}: its worker went silent",
        EventName = "LeaseReclaimed")]
    public static partial void LeaseReclaimed(this ILogger logger, long itemId, long ingestionId, int attempt);

    [LoggerMessage(105, LogLevel.Information, "Model {Model} loaded in {Seconds} s", EventName = "ModelLoaded")]
    public static partial void ModelLoaded(this ILogger logger, string model, double seconds);

    /// <param name="problem">Without a piece of any text that it was given.</param>
    [LoggerMessage(106, LogLevel.Error, "{Problem} No text is blamed; it is tried again until it works.", EventName = "EngineFailed")]
    public static partial void EngineFailed(this ILogger logger, string problem);

    [LoggerMessage(107, LogLevel.Information, "{Model} embeds again", EventName = "EngineWorks")]
    public static partial void EngineWorks(this ILogger logger, string model);

    /// <param name="warning">Without a piece of any text that it was given.</param>
    [LoggerMessage(108, LogLevel.Warning, "{Warning} The others do its work; it is tried again until it works.", EventName = "EngineImpaired")]
    public static partial void EngineImpaired(this ILogger logger, string warning);
}
