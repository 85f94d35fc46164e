using System.Diagnostics.Metrics;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Orleans.Telemetry;

/// <summary>What Orleans's own metrics do not say: batches by station and answer, stations lost with a batch, engines that were given up for another.</summary>
internal static class ClusterSignals
{
    private const string SiloTag = "rtmatch.silo";
    private const string AnswerTag = "rtmatch.batch.answer";
    private const string StageTag = "rtmatch.ingestion.stage";

    private static readonly Counter<long> Batches = Signals.Meter.CreateCounter<long>(
        "rtmatch.cluster.batches", "{batch}", "Batches that stations answered, by station, stage and answer.");

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram<double>(
        "rtmatch.cluster.batch.duration", "s", "How long a batch was in flight, from the order to its answer.", tags: null,
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] });

    private static readonly Counter<long> Lost = Signals.Meter.CreateCounter<long>(
        "rtmatch.cluster.stations.lost", "{batch}", "Batches whose station died or forgot them.");

    private static readonly Counter<long> EngineRetries = Signals.Meter.CreateCounter<long>(
        "rtmatch.cluster.engine.retries", "{call}", "Calls to an engine that failed, left or died, and were made to another.");

    public static void CountBatch(string silo, string stage, string answer, TimeSpan elapsed)
    {
        var (siloTag, stageTag, answerTag) = (Tag(SiloTag, silo), Tag(StageTag, stage), Tag(AnswerTag, answer));
        Batches.Add(1, siloTag, stageTag, answerTag);
        Duration.Record(elapsed.TotalSeconds, stageTag, answerTag);
    }

    public static void CountLost(string silo, string stage) => Lost.Add(1, Tag(SiloTag, silo), Tag(StageTag, stage));

    public static void CountEngineRetry(string silo) => EngineRetries.Add(1, Tag(SiloTag, silo));

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);
}
