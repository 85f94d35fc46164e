using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Kernels;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Telemetry;

/// <summary>What the engine does, batch by batch. Attributes are those of OpenTelemetry's conventions for generative AI.</summary>
internal static class EngineSignals
{
    private const string ModelTag = "gen_ai.request.model";
    private const string PriorityTag = "rtmatch.engine.priority";
    private const string DeviceTag = "rtmatch.engine.device";
    private const string OperationTag = "gen_ai.operation.name";
    private const string Operation = "embeddings";

    private static readonly Counter<long> Tokens = Signals.Meter.CreateCounter<long>(
        "rtmatch.engine.tokens", "{token}", "Tokens run through the model in pass 1.");

    private static readonly Counter<long> Texts = Signals.Meter.CreateCounter<long>(
        "rtmatch.engine.texts", "{text}", "Texts embedded; a long document counts as its parts.");

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram(
        "rtmatch.engine.batch.duration", "s", "How long the engine took for a batch, all passes.", tags: null, Signals.Durations);

    private static readonly Histogram<double> Fill = Signals.Meter.CreateHistogram(
        "rtmatch.engine.batch.fill", "1", "Tokens of a batch, of the tokens that fit.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] });

    private static readonly Histogram<int> Passes = Signals.Meter.CreateHistogram(
        "rtmatch.engine.passes", "{pass}", "Passes over a text, the first one counted.", tags: null,
        new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12] });

    private static readonly UpDownCounter<int> Waiting = Signals.Meter.CreateUpDownCounter<int>(
        "rtmatch.engine.waiting", "{text}", "Texts sent to an engine that wait for room before it, in its line or for their batch's end.");

    private static readonly Counter<long> Failures = Signals.Meter.CreateCounter<long>(
        "rtmatch.engine.failures", "{failure}", "Times that a device of an engine began to fail whatever it was given.");

    private static readonly Counter<long> OutOfMemory = Signals.Meter.CreateCounter<long>(
        "rtmatch.engine.out_of_memory", "{batch}", "Batches that did not fit the device's memory, and were run in parts.");

    private static readonly ConditionalWeakTable<LanguageModel, IDecoder> Loaded = [];

    static EngineSignals()
    {
        Signals.Meter.CreateObservableUpDownCounter("rtmatch.engine.memory", Memory, "By",
            "Weights, caches and buffers that the managed engine holds outside the managed heap; of a GPU, all that is in use there.");
        Signals.Meter.CreateObservableUpDownCounter("rtmatch.engine.memory.limit", MemoryLimits, "By", "Memory of each GPU that an engine runs on.");
    }

    /// <summary>The memory of its device is told from now on.</summary>
    public static void CountLoaded(LanguageModel model) => Loaded.Add(model, model.Decoder);

    public static void CountUnloaded(LanguageModel model) => Loaded.Remove(model);

    /// <param name="texts">More of them wait; fewer where it is negative.</param>
    public static void CountWaiting(LanguageModel model, EnginePriority priority, int texts) =>
        Waiting.Add(texts, new(ModelTag, model.Name), new(PriorityTag, priority.ToString().ToLowerInvariant()));

    public static void CountFailure(LanguageModel model) => Failures.Add(1, new(ModelTag, model.Name), new(DeviceTag, model.Decoder.Device));

    public static void CountOutOfMemory(LanguageModel model) => OutOfMemory.Add(1, new(ModelTag, model.Name), new(DeviceTag, model.Decoder.Device));

    private static IEnumerable<Measurement<long>> Memory() =>
        [new(NativeBuffer.AllocatedBytes, new KeyValuePair<string, object?>(DeviceTag, "cpu")), .. OfDevices(memory => memory.Used)];

    private static IEnumerable<Measurement<long>> MemoryLimits() => OfDevices(memory => memory.Total);

    /// <summary>Each device once, however many models it holds.</summary>
    private static IEnumerable<Measurement<long>> OfDevices(Func<DeviceMemory, long> bytes) =>
        from decoder in Loaded.Select(model => model.Value).DistinctBy(decoder => decoder.Device)
        let memory = decoder.Memory
        where memory is not null
        select new Measurement<long>(bytes(memory.Value), new KeyValuePair<string, object?>(DeviceTag, decoder.Device));

    /// <summary>Runs a batch under a span of its own and counts it.</summary>
    /// <param name="budget">Tokens that fit a batch.</param>
    /// <param name="run">Gives what the readings keep of each row. (rows, readings)</param>
    public static IReadOnlyList<RefinedPass>[][] Measure(
        LanguageModel model, int budget, ForwardRow[] batch, Func<IReadOnlyList<RefinedPass>[][]> run)
    {
        using var activity = Signals.Source.HasListeners() ? Signals.Source.StartActivity($"{Operation} {model.Name}", ActivityKind.Internal) : null;
        var started = Stopwatch.GetTimestamp();
        try
        {
            var passes = run();
            Record(activity, model, budget, batch, [.. passes.Select(row => row.Max(reading => reading[^1].K))], Stopwatch.GetElapsedTime(started));
            return passes;
        }
        catch (Exception exception)
        {
            activity.Fail(exception);
            throw;
        }
    }

    /// <param name="passes">(rows)</param>
    private static void Record(Activity? activity, LanguageModel model, int budget, ForwardRow[] batch, int[] passes, TimeSpan elapsed)
    {
        var tokens = batch.Sum(row => (long)row.Sequence.Run);
        var texts = batch.Count(row => row.IsFirst);
        model.Count(texts, tokens);
        var tags = new TagList { { OperationTag, Operation }, { ModelTag, model.Name }, { DeviceTag, model.Decoder.Device } };
        Tokens.Add(tokens, tags);
        Texts.Add(texts, tags);
        Duration.Record(elapsed.TotalSeconds, tags);
        Fill.Record((double)tokens / budget, tags);
        if (Passes.Enabled)
            foreach (var count in passes) Passes.Record(count, tags);
        if (activity is not { IsAllDataRequested: true }) return;
        activity.SetTag(OperationTag, Operation);
        activity.SetTag("gen_ai.provider.name", "rtmatch");
        activity.SetTag(ModelTag, model.Name);
        activity.SetTag(DeviceTag, model.Decoder.Device);
        activity.SetTag("gen_ai.usage.input_tokens", tokens);
        activity.SetTag("gen_ai.embeddings.dimension.count", batch[0].Forward.Readings[0].Options.VectorDimension(model.Config));
        activity.SetTag("rtmatch.batch.size", batch.Length);
        activity.SetTag("rtmatch.batch.passes", passes.Max());
    }
}
