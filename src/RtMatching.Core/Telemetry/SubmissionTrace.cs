using System.Diagnostics;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>The submission spans of items that wait to be committed together.</summary>
internal sealed class SubmissionTrace(long ingestionId, DocumentKind kind)
{
    private readonly Dictionary<string, (Activity? Span, long Started)> _open = new(StringComparer.Ordinal);

    /// <summary>Of two items of one name the queue takes the first.</summary>
    public void Begin(SourceItem item)
    {
        if (!_open.ContainsKey(item.Name)) _open[item.Name] = (ItemTrace.Submit(ingestionId, kind, item), Stopwatch.GetTimestamp());
    }

    /// <summary>What the item's row keeps; see <see cref="ItemTrace.Parent"/>.</summary>
    public string? Parent(SourceItem item) => ItemTrace.Parent(_open[item.Name].Span);

    /// <param name="outcomes">What became of each item, by name; items left out stood in the ingestion already.</param>
    public void End(IReadOnlyDictionary<string, string> outcomes)
    {
        foreach (var (name, (span, started)) in _open)
        {
            var outcome = outcomes.GetValueOrDefault(name, "duplicate");
            span?.SetTag(IngestionSignals.OutcomeTag, outcome);
            ItemTrace.Stop(span);
            IngestionSignals.Count(ItemWork.Submit, outcome, 1, Stopwatch.GetElapsedTime(started));
        }

        _open.Clear();
    }

    public void Fail(Exception exception)
    {
        foreach (var (span, _) in _open.Values)
        {
            span.Fail(exception);
            ItemTrace.Stop(span);
        }

        _open.Clear();
    }
}
