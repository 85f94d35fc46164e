using System.Diagnostics;
using RtMatching.Core.Ingestion;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>One stage's work on items that share it (twins of one content, or a batch): a span in each item's trace, counts and times.</summary>
internal sealed class ItemWork
{
    public const string Submit = "submit";
    public const string Parse = "parse";
    public const string Embed = "embed";
    public const string Store = "store";

    private const string Failed = "failed";
    private const string HandedBack = "handed_back";

    private readonly string _stage;
    private readonly IReadOnlyList<LeasedItem> _items;
    private readonly Activity?[] _spans;
    private readonly long _started = Stopwatch.GetTimestamp();
    private bool _ended;

    private ItemWork(string stage, IReadOnlyList<LeasedItem> items, Activity? batch)
    {
        (_stage, _items) = (stage, items);
        var links = batch is null ? null : new[] { new ActivityLink(batch.Context) };
        _spans = [.. items.Select(item => ItemTrace.Start($"{stage} item", item, ActivityKind.Consumer, links))];
    }

    /// <summary>
    /// Runs <paramref name="work"/>, which says how it ended; where it throws, the items failed, or go back to the queue if it was stopped.
    /// </summary>
    /// <param name="batch">The span that is current meanwhile and that the items' spans link to; without it the first item's is current.</param>
    public static async Task RunAsync(string stage, IReadOnlyList<LeasedItem> items, Func<ItemWork, Task> work, Activity? batch = null)
    {
        var run = new ItemWork(stage, items, batch);
        var current = batch ?? Array.Find(run._spans, span => span is not null);
        if (current is not null) Activity.Current = current;
        try
        {
            await work(run);
            run.End(HandedBack);
        }
        catch (Exception exception)
        {
            run.Fail(exception);
            throw;
        }
    }

    /// <param name="ended">Ids whose lease still held; null for all. The others' result was somebody else's.</param>
    public void End(string outcome, IReadOnlyCollection<long>? ended = null)
    {
        if (_ended) return;
        _ended = true;
        for (var i = 0; i < _spans.Length; i++) Stop(_spans[i], ended is null || ended.Contains(_items[i].Id) ? outcome : "lost");
        var elapsed = Stopwatch.GetElapsedTime(_started);
        var lost = ended is null ? 0 : _items.Count(item => !ended.Contains(item.Id));
        IngestionSignals.Count(_stage, outcome, _items.Count - lost, elapsed);
        IngestionSignals.Count(_stage, "lost", lost, elapsed);
    }

    public void Fail(Exception exception)
    {
        if (_ended) return;
        foreach (var span in _spans) span.Fail(exception);
        End(exception is OperationCanceledException or EngineFailedException ? HandedBack : Failed);
    }

    private static void Stop(Activity? span, string outcome)
    {
        span?.SetTag(IngestionSignals.OutcomeTag, outcome);
        ItemTrace.Stop(span);
    }
}
