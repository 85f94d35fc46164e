using System.Globalization;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Operations;

/// <summary>Numbers of a report as people read them, the same in a terminal and on the page.</summary>
public static class StatusText
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Rows(RowCount rows) => (rows.Estimated ? "about " : "") + Number(rows.Count);

    public static string Items(long count) => count == 1 ? "1 item is" : $"{Number(count)} items are";

    public static string Kinds(DocumentKind kind) => kind == DocumentKind.Cv ? "CVs" : "jobs";

    /// <summary>The two largest units: <c>2 h 5 min</c>.</summary>
    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Clamp(Math.Round(seconds), 0, TimeSpan.MaxValue.TotalSeconds / 2));
        return time.TotalDays >= 1 ? Two((long)time.TotalDays, "d", time.Hours, "h")
            : time.TotalHours >= 1 ? Two(time.Hours, "h", time.Minutes, "min")
            : time.TotalMinutes >= 1 ? Two(time.Minutes, "min", time.Seconds, "s")
            : $"{time.Seconds} s";
    }

    private static string Two(long large, string largeUnit, int small, string smallUnit) =>
        small == 0 ? $"{Number(large)} {largeUnit}" : $"{Number(large)} {largeUnit} {small} {smallUnit}";

    /// <summary>One unit is enough to look back: <c>3 min ago</c>.</summary>
    public static string Ago(DateTimeOffset then, DateTimeOffset now)
    {
        var time = now > then ? now - then : TimeSpan.Zero;
        return time.TotalDays >= 1 ? $"{(long)time.TotalDays} d ago"
            : time.TotalHours >= 1 ? $"{time.Hours} h ago"
            : time.TotalMinutes >= 1 ? $"{time.Minutes} min ago"
            : $"{time.Seconds} s ago";
    }

    public static string Utc(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>In powers of 1,000, three digits.</summary>
    public static string Bytes(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 999.5 && unit < Units.Length - 1; unit++) value /= 1000;
        return $"{value.ToString(value >= 100 || unit == 0 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    public static string Rate(double perSecond) => perSecond switch
    {
        <= 0 => "0/s",
        < 0.95 => $"{(perSecond * 60).ToString("0.#", CultureInfo.InvariantCulture)}/min",
        _ => $"{perSecond.ToString(perSecond < 10 ? "0.0" : "N0", CultureInfo.InvariantCulture)}/s",
    };

    /// <summary>Rounded down, so that 100% is really all.</summary>
    public static string Percent(double share) => $"{Math.Floor(Math.Clamp(share, 0, 1) * 100).ToString("0", CultureInfo.InvariantCulture)}%";

    /// <summary>The ingestion's state in words that say what is going on.</summary>
    public static string State(IngestionStatus status) =>
        status.Ingestion.State.ToString().ToLowerInvariant() + (status is { IsOpen: true, Ingestion.Submitted: false } ? ", more to come" : "");

    public static string State(RankingStatus status) =>
        status.State.ToString().ToLowerInvariant() + (status is { IsOpen: true, Submitted: false } ? ", more to come" : "");

    /// <summary>What a process takes from the queue.</summary>
    public static string Work(IReadOnlyList<string> stages) => stages.Count == 0 ? "requests only" : string.Join(", ", stages);

    public static string InFlight(long batches) => batches switch
    {
        0 => "nothing in flight",
        1 => "1 batch in flight",
        _ => $"{Number(batches)} batches in flight",
    };

    public static string Grains(SiloStatus silo) =>
        string.Join(", ", silo.Grains.OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key} {Number(kind.Value)}"));

    public static string Seen(SiloStatus silo) => silo.SeenSecondsAgo is { } seconds ? $"{Duration(seconds)} ago" : "never";

    public static string Filled(ProfileStatus profile) => profile switch
    {
        { Documents.Count: 0 } => "no documents yet",
        { Lacking: 0 } => "all documents",
        { Lacking: { } lacking } => $"{Percent(profile.Full)}, {Number(lacking)} documents lack one",
        _ => $"about {Percent(profile.Full)} of {Rows(profile.Documents)} documents",
    };

    public static string Index(IndexStatus index) => index.State switch
    {
        IndexState.None => "none yet, searches are exact",
        IndexState.Building => $"building{(index.Phase is { } phase ? $": {phase}" : "")}{(index.Done is { } done ? $", {Percent(done)}" : "")}",
        IndexState.Ready => $"ready, about {Number(index.Rows ?? 0)} rows, {Bytes(index.Bytes ?? 0)}",
        _ => "invalid",
    };
}
