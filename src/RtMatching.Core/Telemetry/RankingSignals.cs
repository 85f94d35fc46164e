using System.Diagnostics;
using System.Diagnostics.Metrics;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Core.Telemetry;

/// <summary>Spans and times of rankings and of their steps: embed, search (dense, text), explain.</summary>
internal static class RankingSignals
{
    public const string Embed = "embed";
    public const string Search = "search";
    public const string SearchDense = "search dense";
    public const string SearchText = "search text";
    public const string Explain = "explain";

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram(
        "rtmatch.ranking.duration", "s", "How long a ranking took.", tags: null, Signals.Durations);

    private static readonly Histogram<double> StepDuration = Signals.Meter.CreateHistogram(
        "rtmatch.ranking.step.duration", "s", "How long a step of a ranking took; search contains its two parts.", tags: null, Signals.Durations);

    public static async Task<IReadOnlyList<RankedDocument>> RankAsync(
        RankingRequest request, DocumentKind wanted, ProfileVersion profile, Func<Task<IReadOnlyList<RankedDocument>>> rank)
    {
        using var activity = Signals.Source.StartActivity("rank");
        var tags = new TagList
        {
            { "rtmatch.ranking.mode", request.Mode.ToString().ToLowerInvariant() }, { "rtmatch.ranking.explain", request.Explain },
            { "rtmatch.document.kind", wanted.Name() },
        };
        return await MeasureAsync(Duration, activity, tags, async () =>
        {
            var ranking = await rank();
            Describe(activity, request, profile, tags, ranking.Count);
            return ranking;
        });
    }

    private static void Describe(Activity? activity, RankingRequest request, ProfileVersion profile, TagList tags, int results)
    {
        if (activity is not { IsAllDataRequested: true }) return;
        foreach (var (key, value) in tags) activity.SetTag(key, value);
        activity.SetTag("rtmatch.profile.name", profile.Profile.Name);
        activity.SetTag("rtmatch.profile.version", profile.Version);
        activity.SetTag("rtmatch.ranking.top", request.Top);
        activity.SetTag("rtmatch.ranking.offset", request.Offset);
        activity.SetTag("rtmatch.ranking.exact", request.Exact);
        activity.SetTag("rtmatch.ranking.filtered", !request.Filter.IsEmpty);
        activity.SetTag("rtmatch.ranking.results", results);
    }

    public static async Task<T> StepAsync<T>(string step, Func<Task<T>> work)
    {
        using var activity = Signals.Source.StartActivity(step);
        return await MeasureAsync(StepDuration, activity, new TagList { { "rtmatch.ranking.step", step.Replace(' ', '_') } }, work);
    }

    private static async Task<T> MeasureAsync<T>(Histogram<double> durations, Activity? activity, TagList tags, Func<Task<T>> work)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await work();
        }
        catch (Exception exception)
        {
            activity.Fail(exception);
            tags.Add("error.type", exception.GetType().FullName);
            throw;
        }
        finally
        {
            durations.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
        }
    }
}
