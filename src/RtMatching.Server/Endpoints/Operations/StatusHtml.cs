using System.Globalization;
using System.Net;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;

namespace RtMatching.Server.Endpoints.Operations;

/// <summary>
/// A report as a page: what is wrong first, then what goes on. Nothing in it comes from elsewhere, and every text that is not ours
/// (an ingestion's source, an engine's problem) is encoded.
/// </summary>
internal static class StatusHtml
{
    /// <param name="report">Null where the database does not answer.</param>
    /// <param name="nonce">That the page's content security policy lets run.</param>
    public static void Write(TextWriter page, StatusReport? report, string nonce)
    {
        page.Write($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <noscript><meta http-equiv="refresh" content="{StatusPageLook.RenewSeconds}"></noscript>
            <link rel="icon" href="data:,">
            <title>{Title(report)}</title>
            <style nonce="{nonce}">{StatusPageLook.Style}</style>
            </head>
            <body>
            <main>

            """);
        if (report is null) WriteAway(page);
        else Write(page, report);
        page.Write($"""
            </main>
            <p class="away" role="alert">The server does not answer any more; what stands here is old. Asking again every {StatusPageLook.RenewSeconds} s.</p>
            <script nonce="{nonce}">{StatusPageLook.Script}</script>
            </body>
            </html>

            """);
    }

    private static string Title(StatusReport? report) => report switch
    {
        null => "RtMatching: no database",
        { Problems.Count: > 0 } => $"RtMatching: {Things(report.Problems.Count)} to look at",
        _ => "RtMatching: all is well",
    };

    private static string Things(int count) => count == 1 ? "1 thing" : $"{count} things";

    private static void WriteAway(TextWriter page) => page.WriteLine("""
        <header><h1>RtMatching <span class="pill serious">no database</span></h1></header>
        <ul class="problems"><li class="serious"><b>The database does not answer.</b> <span>Nothing can be told without it: see whether PostgreSQL
        runs ('rtmatch db status' for the private one) and whether ConnectionStrings__rtmatch names it.</span></li></ul>
        """);

    private static void Write(TextWriter page, StatusReport report)
    {
        WriteHead(page, report);
        WriteTiles(page, report);
        WriteIngestions(page, report);
        if (report.Rankings.Count > 0) WriteRankings(page, report);
        page.WriteLine("<div class=\"columns\">");
        WriteQueue(page, report.Queue);
        WriteEngines(page, report.Engines);
        page.WriteLine("</div>");
        if (report.Silos.Count > 0) WriteSilos(page, report.Silos);
        WriteFailures(page, report);
        WriteProfiles(page, report.Profiles);
        if (report.Store is { } store) WriteStore(page, store);
    }

    private static void WriteHead(TextWriter page, StatusReport report)
    {
        var level = report.Problems.Count == 0 ? "ok" : Css(report.Problems[0].Level);
        var state = report.Problems.Count == 0 ? "all is well" : $"{Things(report.Problems.Count)} to look at";
        page.WriteLine($"<header><h1>RtMatching <span class=\"pill {level}\">{state}</span></h1><p class=\"quiet\">as of {StatusText.Utc(report.TakenAt)}, "
            + $"renewed every {StatusPageLook.RenewSeconds} s</p></header>");
        if (report.Problems.Count == 0) return;
        page.WriteLine("<ul class=\"problems\">");
        foreach (var problem in report.Problems)
            page.WriteLine($"<li class=\"{Css(problem.Level)}\"><b>{Text(problem.What)}</b> <span>{Text(problem.Remedy)}</span></li>");
        page.WriteLine("</ul>");
    }

    private static void WriteTiles(TextWriter page, StatusReport report)
    {
        var queue = report.Queue;
        var (ready, engines) = (report.Engines.Count(engine => engine is { Ready: true, Problem: null }), report.Engines.Count);
        page.WriteLine("<dl class=\"tiles\">");
        Tile("waiting", StatusText.Number(queue.Waiting), queue.OldestSeconds is { } oldest ? $"oldest {StatusText.Duration(oldest)}" : "nothing waits");
        Tile("being worked on", StatusText.Number(queue.Leased), queue.Delayed > 0 ? $"{StatusText.Number(queue.Delayed)} wait for another attempt" : "");
        Tile("finished", StatusText.Rate(queue.EndedLastMinute / 60.0), "over the last minute");
        Tile("failed", StatusText.Number(report.Failures.Items) + (report.Failures.Sampled ? "+" : ""), "in the last day", report.Failures.Items > 0 ? "warning" : "");
        Tile("dead letters", StatusText.Number(queue.DeadLetters), "given up", queue.DeadLetters > 0 ? "warning" : "");
        Tile("engines ready", engines == 0 ? "none" : $"{ready} of {engines}", "", ready < engines ? "warning" : "");
        var (active, silos) = (report.Silos.Count(silo => silo is { State: SiloState.Active, Problem: null }), report.Silos.Count);
        if (silos > 0) Tile("silos active", $"{active} of {silos}", "", active < silos ? "warning" : "");
        if (report.Store is { } store) Tile("database", StatusText.Bytes(store.Bytes), $"{store.Connections} of {store.MaxConnections} connections");
        page.WriteLine("</dl>");

        void Tile(string name, string value, string note, string level = "") =>
            page.WriteLine($"<div class=\"{level}\"><dt>{name}</dt><dd>{Text(value)}</dd><dd class=\"quiet\">{Text(note)}</dd></div>");
    }

    private static void WriteIngestions(TextWriter page, StatusReport report)
    {
        page.WriteLine("<section><h2>Ingestions</h2>");
        if (report.Ingestions.Count == 0) page.WriteLine("<p class=\"quiet\">None yet.</p>");
        foreach (var status in report.Ingestions) WriteIngestion(page, status, report.TakenAt);
        page.WriteLine("</section>");
    }

    private static void WriteIngestion(TextWriter page, IngestionStatus status, DateTimeOffset now)
    {
        var (ingestion, counts) = (status.Ingestion, status.Ingestion.Counts);
        var what = $"{ingestion.Id} &middot; {StatusText.Kinds(ingestion.Kind)} &middot; {Text(ingestion.Profile)} {ingestion.ProfileVersion}";
        page.WriteLine($"<article><h3><bdi>{Text(ingestion.Reembed ? "re-embedding" : ingestion.Source)}</bdi> "
            + $"<span class=\"pill {Css(ingestion)}\">{StatusText.State(status)}</span> <small class=\"quiet\">{what}</small></h3>");
        WriteBar(page, counts);
        page.WriteLine($"<p class=\"facts\">{string.Join(" ", Facts(status).Select(fact => $"<span>{fact}</span>"))} <span class=\"quiet\">{Times(status, now)}</span></p></article>");
    }

    /// <summary>Green: done; red: failed; pale: parsed already; the rest is still to come. Without a style attribute, which the policy forbids.</summary>
    private static void WriteBar(TextWriter page, ItemCounts counts)
    {
        if (counts.Total == 0) return;
        page.Write($"<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{StatusText.Percent(1 - Share(counts.Open))} ended\">");
        var x = 0.0;
        foreach (var (css, count) in ((string, long)[])
            [("done", counts.Embedded + counts.Unchanged), ("lost", counts.Rejected + counts.Dead), ("gone", counts.Cancelled), ("parsed", counts.Parsed)])
        {
            // Even one failure among a million is to be seen.
            var width = count == 0 ? 0 : Math.Max(Share(count) * 1000, 3);
            if (width > 0) page.Write(string.Create(CultureInfo.InvariantCulture, $"<rect class=\"{css}\" x=\"{x:0.##}\" y=\"0\" width=\"{width:0.##}\" height=\"10\"/>"));
            x += width;
        }

        page.WriteLine("</svg>");
        double Share(long count) => (double)count / counts.Total;
    }

    private static IEnumerable<string> Facts(IngestionStatus status)
    {
        var counts = status.Ingestion.Counts;
        yield return $"<b>{StatusText.Number(counts.Total - counts.Open)}</b> of {StatusText.Number(counts.Total)} ended";
        if (counts.Parsed > 0) yield return $"{StatusText.Number(counts.Parsed)} parsed";
        if (counts.Unchanged > 0) yield return $"{StatusText.Number(counts.Unchanged)} unchanged";
        if (counts.Rejected > 0) yield return $"<em>{StatusText.Number(counts.Rejected)} not usable</em>";
        if (counts.Dead > 0) yield return $"<em>{StatusText.Number(counts.Dead)} given up</em>";
        if (counts.Cancelled > 0) yield return $"{StatusText.Number(counts.Cancelled)} cancelled";
        if (!status.IsOpen) yield break;
        yield return StatusText.Rate(status.PerSecond);
        yield return status.RemainingSeconds is { } remaining ? $"<b>{StatusText.Duration(remaining)} left</b>" : "remaining time unknown";
    }

    private static string Times(IngestionStatus status, DateTimeOffset now) =>
        status is { Ingestion.FinishedAt: { } finished, TookSeconds: { } took } ? $"took {StatusText.Duration(took)}, ended {Ago(finished, now)}"
            : $"started {Ago(status.Ingestion.CreatedAt, now)}";

    private static void WriteRankings(TextWriter page, StatusReport report) => WriteTable(page, "Bulk rankings", "",
        ["ranking", "state", "jobs ranked", "of", "rate", "time"], report.Rankings.Select(ranking => (string[])
        [
            $"#{ranking.Id} &middot; {Text(ranking.Profile)} {ranking.ProfileVersion}", $"<span class=\"pill {Css(ranking.State)}\">{StatusText.State(ranking)}</span>",
            StatusText.Number(ranking.Ended), StatusText.Number(ranking.Ended + ranking.Open), ranking.IsOpen ? StatusText.Rate(ranking.PerSecond) : "&ndash;",
            Times(ranking, report.TakenAt),
        ]));

    private static string Times(RankingStatus ranking, DateTimeOffset now) => ranking switch
    {
        { FinishedAt: { } finished, TookSeconds: { } took } => $"took {StatusText.Duration(took)}, ended {Ago(finished, now)}",
        { RemainingSeconds: { } remaining } => $"<b>{StatusText.Duration(remaining)} left</b>, started {Ago(ranking.CreatedAt, now)}",
        _ => $"started {Ago(ranking.CreatedAt, now)}",
    };

    private static void WriteQueue(TextWriter page, QueueStatus queue) => WriteTable(page, "Queue", "",
        ["stage", "waiting", "worked on", "delayed", "stalled", "oldest waits"], queue.Stages.Select(stage => (string[])
        [
            stage.Stage == ItemStage.Queued ? "to parse" : "to embed", StatusText.Number(stage.Waiting), StatusText.Number(stage.Leased), StatusText.Number(stage.Delayed),
            Marked(stage.Stalled), stage.OldestSeconds is { } oldest ? StatusText.Duration(oldest) : "&ndash;",
        ]));

    private static void WriteEngines(TextWriter page, IReadOnlyList<EngineStatus> engines) => WriteTable(page, "Engines", "None to be seen.",
        ["engine", "state", "models", "works on", "texts", "tokens"], engines.Select(engine => (string[])
        [
            Text(engine.Name),
            (engine.Problem ?? engine.Warning) is { } problem ? $"<em>{Text(problem)}</em>" : engine.Ready ? "ready" : "<em>loading</em>",
            Text(string.Join(", ", engine.Models)), Text(StatusText.Work(engine.Work)),
            StatusText.Number(engine.Texts), StatusText.Number(engine.Tokens),
        ]));

    private static void WriteSilos(TextWriter page, IReadOnlyList<SiloStatus> silos) => WriteTable(page, "Silos", "",
        ["silo", "state", "works on", "engine", "in flight", "grains", "seen", "version", "problem"], silos.Select(silo => (string[])
        [
            $"<bdi>{Text(silo.Name)}</bdi>", $"<span class=\"pill {Css(silo)}\">{Text(silo.State)}</span>", Text(StatusText.Work(silo.Work)), Text(silo.Engine ?? "none"),
            StatusText.Number(silo.Batches), silo.Grains.Count == 0 ? "&ndash;" : Text(StatusText.Grains(silo)), Text(StatusText.Seen(silo)), $"<bdi>{Text(silo.Version)}</bdi>",
            (silo.Problem ?? silo.Warning) is { } problem ? $"<em>{Text(problem)}</em>" : "&ndash;",
        ]));

    private static void WriteFailures(TextWriter page, StatusReport report) => WriteTable(page,
        report.Failures.Sampled ? $"Failures (the newest {StatusText.Number(report.Failures.Items)} of the last day)" : "Failures of the last day", "None.",
        ["items", "outcome", "reason", "last"], report.Failures.Reasons.Select(reason => (string[])
        [
            StatusText.Number(reason.Items), reason.Stage == ItemStage.Dead ? "<em>given up</em>" : Text(reason.Outcome ?? ""), Text(reason.Reason), Ago(reason.Last, report.TakenAt),
        ]));

    private static void WriteProfiles(TextWriter page, IReadOnlyList<ProfileStatus> profiles) => WriteTable(page, "Profiles", "None yet: the first ingestion makes one.",
        ["profile", "model", "passes", "dimension", "vectors", "filled", "CVs' index", "jobs' index", "size"], profiles.Select(profile => (string[])
        [
            $"{Text(profile.Name)} {profile.Version}{(profile.Active ? " <span class=\"pill ok\">active</span>" : "")}", Text(profile.Model),
            StatusText.Number(profile.Iterations), StatusText.Number(profile.Dimension), StatusText.Rows(profile.Vectors), StatusText.Filled(profile),
            Index(profile, DocumentKind.Cv), Index(profile, DocumentKind.Job), StatusText.Bytes(profile.Bytes),
        ]));

    private static string Index(ProfileStatus profile, DocumentKind kind) => profile.Indexes.FirstOrDefault(index => index.Kind == kind) is { } index
        ? index.State == IndexState.Invalid ? $"<em>{StatusText.Index(index)}</em>" : Text(StatusText.Index(index)) : "&ndash;";

    private static void WriteStore(TextWriter page, StoreStatus store) => WriteTable(page,
        $"Database: {StatusText.Bytes(store.Bytes)}, PostgreSQL {Text(store.PostgreSql)}, pgvector {Text(store.PgVector ?? "missing")}", "",
        ["table", "rows, about", "size"], store.Tables.Select(table => (string[])[Text(table.Name), StatusText.Number(table.Rows), StatusText.Bytes(table.Bytes)]));

    /// <param name="title">HTML, as are the rows.</param>
    private static void WriteTable(TextWriter page, string title, string empty, string[] header, IEnumerable<string[]> rows)
    {
        var all = rows.ToList();
        page.WriteLine($"<section><h2>{title}</h2>");
        if (all.Count == 0) page.WriteLine($"<p class=\"quiet\">{empty}</p></section>");
        if (all.Count == 0) return;
        var isNumber = header.Select((_, column) => all.TrueForAll(row => row[column].Replace("<em>", "", StringComparison.Ordinal) is [>= '0' and <= '9', ..] or "&ndash;")).ToArray();
        page.WriteLine($"<table class=\"{(header.Length > 3 ? "wide" : "small")}\"><thead><tr>{Cells((name, _) => $"scope=\"col\">{name}", "th", header)}</tr></thead><tbody>");
        foreach (var row in all) page.WriteLine($"<tr>{Cells((cell, i) => $"data-name=\"{header[i]}\"><span>{cell}</span>", "td", row)}</tr>");
        page.WriteLine("</tbody></table></section>");

        string Cells(Func<string, int, string> cell, string tag, string[] row) =>
            string.Concat(row.Select((text, i) => $"<{tag}{(isNumber[i] ? " class=\"n\" " : " ")}{cell(text, i)}</{tag}>"));
    }

    private static string Marked(long count) => count > 0 ? $"<em>{StatusText.Number(count)}</em>" : "0";

    private static string Ago(DateTimeOffset then, DateTimeOffset now) =>
        $"<time datetime=\"{then.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\" title=\"{StatusText.Utc(then)}\">{StatusText.Ago(then, now)}, {StatusText.Utc(then)}</time>";

    private static string Css(ProblemLevel level) => level == ProblemLevel.Serious ? "serious" : "warning";

    private static string Css(IngestionSummary ingestion) => ingestion.State switch
    {
        IngestionState.Failed => "serious",
        IngestionState.Cancelled => "warning",
        IngestionState.Done => "ok",
        _ => "open",
    };

    private static string Css(SiloStatus silo) => silo.State switch
    {
        SiloState.Draining or SiloState.Dead => "warning",
        SiloState.Active => silo.Problem is not null ? "serious" : silo.Warning is null ? "ok" : "warning",
        _ => "open",
    };

    private static string Css(BulkRankingState state) => state switch
    {
        BulkRankingState.Cancelled => "warning",
        BulkRankingState.Done => "ok",
        _ => "open",
    };

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
