using System.Diagnostics.Metrics;
using RtMatching.Core.Ingestion;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>What becomes of items, counted and timed by stage. CVs a second: the rate of <c>rtmatch.ingestion.items</c> with stage store, outcome ok.</summary>
internal static class IngestionSignals
{
    public const string StageTag = "rtmatch.ingestion.stage";
    public const string OutcomeTag = "rtmatch.item.outcome";

    private static readonly Counter<long> Items = Signals.Meter.CreateCounter<long>(
        "rtmatch.ingestion.items", "{item}", "Items that went through a stage, by what came of it; failed ones are tried again.");

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram(
        "rtmatch.ingestion.item.duration", "s", "How long an item was worked on in a stage; those of a batch share its time.", tags: null, Signals.Durations);

    private static readonly Counter<long> Reclaimed = Signals.Meter.CreateCounter<long>(
        "rtmatch.ingestion.leases.reclaimed", "{item}", "Items taken back from workers that went silent.");

    private static readonly Counter<long> Dead = Signals.Meter.CreateCounter<long>(
        "rtmatch.ingestion.dead_letters", "{item}", "Items given up after their last attempt.");

    public static void Count(string stage, string outcome, int items, TimeSpan elapsed)
    {
        if (items == 0) return;
        var (stageTag, outcomeTag) = (KeyValuePair.Create<string, object?>(StageTag, stage), KeyValuePair.Create<string, object?>(OutcomeTag, outcome));
        Items.Add(items, stageTag, outcomeTag);
        if (!Duration.Enabled) return;
        for (var i = 0; i < items; i++) Duration.Record(elapsed.TotalSeconds, stageTag, outcomeTag);
    }

    public static void CountReclaimed(int items)
    {
        if (items > 0) Reclaimed.Add(items);
    }

    /// <param name="stage">Where the items waited: queued for parsing, parsed for embedding.</param>
    public static void CountDead(ItemStage stage) =>
        Dead.Add(1, KeyValuePair.Create<string, object?>(StageTag, stage == ItemStage.Queued ? ItemWork.Parse : ItemWork.Embed));
}
