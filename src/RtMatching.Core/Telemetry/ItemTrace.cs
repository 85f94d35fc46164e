using System.Diagnostics;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>
/// One trace follows one CV, from the process that hands it in to the one that stores its vector: the context of its submission stands in
/// the item's row. A trace for each CV and not for each ingestion: a million spans in one trace help nobody, and a sampler can pick CVs.
/// </summary>
internal static class ItemTrace
{
    private const string IngestionTag = "rtmatch.ingestion.id";

    /// <summary>The root of an item's trace, linked to the request or command that hands it in; null where nobody listens.</summary>
    public static Activity? Submit(long ingestionId, DocumentKind kind, SourceItem item)
    {
        if (!Signals.Source.HasListeners()) return null;
        var around = Activity.Current;
        var links = around is null ? null : new[] { new ActivityLink(around.Context) };
        var activity = Start("submit item", ActivityKind.Producer, default, links);
        activity?.SetTag(IngestionTag, ingestionId);
        activity?.SetTag("rtmatch.document.kind", kind.Name());
        activity?.SetTag("rtmatch.document.size", item.Bytes?.Length);
        return activity;
    }

    /// <summary>What stands in the item's row: W3C traceparent; null where the trace is not sampled, so that no later stage adds to it.</summary>
    public static string? Parent(Activity? submission) => submission is { Recorded: true } ? submission.Id : null;

    /// <summary>A span of an item's trace; null where its submission was not traced.</summary>
    public static Activity? Start(string name, LeasedItem item, ActivityKind kind = ActivityKind.Internal, ActivityLink[]? links = null)
    {
        if (item.TraceParent is null || !ActivityContext.TryParse(item.TraceParent, null, isRemote: true, out var parent)) return null;
        var activity = Start(name, kind, parent, links);
        activity?.SetTag(IngestionTag, item.IngestionId);
        activity?.SetTag("rtmatch.item.id", item.Id);
        activity?.SetTag("rtmatch.item.attempt", item.Attempts);
        return activity;
    }

    /// <summary>A moment of an item's trace in which something went wrong, with what is logged of it.</summary>
    public static void Tell(string name, LeasedItem item, Action log)
    {
        var around = Activity.Current;
        var activity = Start(name, item)?.SetStatus(ActivityStatusCode.Error);
        if (activity is not null) Activity.Current = activity;
        log();
        activity?.Dispose();
        Activity.Current = around;
    }

    /// <summary>A batch belongs to many traces, so it is one of its own, which the items' spans link to.</summary>
    public static Activity? StartBatch(long ingestionId, int texts, int items)
    {
        if (!Signals.Source.HasListeners()) return null;
        var activity = Start("embed batch", ActivityKind.Internal, default, links: null);
        activity?.SetTag(IngestionTag, ingestionId);
        activity?.SetTag("rtmatch.batch.size", texts);
        activity?.SetTag("rtmatch.batch.items", items);
        return activity;
    }

    /// <summary>Started, but not current: many are open at once. Without a parent it begins a trace, whatever is current.</summary>
    private static Activity? Start(string name, ActivityKind kind, ActivityContext parent, ActivityLink[]? links)
    {
        var around = Activity.Current;
        Activity.Current = null;        // or a root would become its child
        try
        {
            return Signals.Source.StartActivity(name, kind, parent, tags: null, links);
        }
        finally
        {
            Activity.Current = around;
        }
    }

    /// <summary>Stops spans without changing which one is current, as <see cref="Activity.Stop"/> does.</summary>
    public static void Stop(Activity? activity)
    {
        if (activity is null) return;
        var around = Activity.Current;
        activity.Dispose();
        if (around != activity) Activity.Current = around;
    }
}
