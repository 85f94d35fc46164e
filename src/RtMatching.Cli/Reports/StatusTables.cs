using RtMatching.Cli.Output;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;

namespace RtMatching.Cli.Reports;

/// <summary>A status report as titled tables, in the order in which an operator looks: what is wrong first.</summary>
internal static class StatusTables
{
    private const int BriefEnded = 3;

    public static IReadOnlyList<string> SiloHeader { get; } = ["silo", "state", "works on", "engine", "in flight", "grains", "seen", "version", "problem"];

    /// <param name="brief">Only what changes while one looks, so that it fits a window.</param>
    public static void Write(StatusReport report, bool brief = false)
    {
        var now = report.TakenAt;
        Console.Out.WriteLine($"status at {StatusText.Utc(now)}: {(report.Problems.Count == 0 ? "all is well" : $"{report.Problems.Count} to look at")}");
        Table("problems", ["level", "what", "remedy"], report.Problems.Select(problem => (string[])[JsonOutput.Name(problem.Level), problem.What, problem.Remedy]));
        Table("ingestions", ["id", "kind", "source", "profile", "state", "ended", "of", "not usable", "given up", "rate", "left", "started", "took"],
            Shown(report.Ingestions, brief).Select(status => Row(status, now)));
        Table("bulk rankings", ["id", "profile", "state", "ranked", "of", "rate", "left", "started", "took"], report.Rankings.Select(ranking => Row(ranking, now)));
        Table("queue", ["stage", "waiting", "worked on", "delayed", "stalled", "oldest waits"], report.Queue.Stages.Select(Row));
        Table("failures of the last day", ["items", "outcome", "reason", "last"], report.Failures.Reasons.Select(reason => Row(reason, now)));
        Table("silos", SiloHeader, report.Silos.Select(Row));
        Table("engines", ["engine", "state", "models", "works on", "texts", "tokens"], report.Engines.Select(Row));
        if (brief) return;
        Table("profiles", ["profile", "active", "model", "k", "dimension", "vectors", "filled", "CVs' index", "jobs' index", "size"], report.Profiles.Select(Row));
        if (report.Store is { } store) Write(store);
    }

    private static IEnumerable<IngestionStatus> Shown(IReadOnlyList<IngestionStatus> ingestions, bool brief) =>
        brief ? ingestions.Where(status => status.IsOpen).Concat(ingestions.Where(status => !status.IsOpen).Take(BriefEnded)) : ingestions;

    private static void Write(StoreStatus store)
    {
        Table("database", ["size", "PostgreSQL", "pgvector", "connections"],
            [[StatusText.Bytes(store.Bytes), store.PostgreSql, store.PgVector ?? "missing", $"{store.Connections} of {store.MaxConnections}"]]);
        Table("tables", ["table", "rows, about", "size"],
            store.Tables.Select(table => (string[])[table.Name, StatusText.Number(table.Rows), StatusText.Bytes(table.Bytes)]));
    }

    /// <summary>What there is none of is left out.</summary>
    private static void Table(string title, IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0) return;
        Console.Out.WriteLine();
        Console.Out.WriteLine(title);
        Terminal.WriteTable(header, all);
    }

    private static string[] Row(IngestionStatus status, DateTimeOffset now)
    {
        var (ingestion, counts) = (status.Ingestion, status.Ingestion.Counts);
        return
        [
            StatusText.Number(ingestion.Id), JsonOutput.Name(ingestion.Kind), ingestion.Reembed ? "(re-embedding)" : ingestion.Source,
            $"{ingestion.Profile} {ingestion.ProfileVersion}", StatusText.State(status), StatusText.Number(counts.Total - counts.Open),
            StatusText.Number(counts.Total), StatusText.Number(counts.Rejected), StatusText.Number(counts.Dead), status.IsOpen ? StatusText.Rate(status.PerSecond) : "",
            status.RemainingSeconds is { } remaining ? StatusText.Duration(remaining) : status.IsOpen ? "unknown" : "", StatusText.Ago(ingestion.CreatedAt, now),
            status.TookSeconds is { } took ? StatusText.Duration(took) : "",
        ];
    }

    private static string[] Row(RankingStatus ranking, DateTimeOffset now) =>
    [
        StatusText.Number(ranking.Id), $"{ranking.Profile} {ranking.ProfileVersion}", StatusText.State(ranking), StatusText.Number(ranking.Ended),
        StatusText.Number(ranking.Ended + ranking.Open), ranking.IsOpen ? StatusText.Rate(ranking.PerSecond) : "",
        ranking.RemainingSeconds is { } remaining ? StatusText.Duration(remaining) : ranking.IsOpen ? "unknown" : "", StatusText.Ago(ranking.CreatedAt, now),
        ranking.TookSeconds is { } took ? StatusText.Duration(took) : "",
    ];

    private static string[] Row(StageStatus stage) =>
    [
        stage.Stage == ItemStage.Queued ? "to parse" : "to embed", StatusText.Number(stage.Waiting), StatusText.Number(stage.Leased), StatusText.Number(stage.Delayed),
        StatusText.Number(stage.Stalled), stage.OldestSeconds is { } oldest ? StatusText.Duration(oldest) : "",
    ];

    private static string[] Row(FailureReason reason, DateTimeOffset now) =>
    [
        StatusText.Number(reason.Items), reason.Stage == ItemStage.Dead ? "given up" : reason.Outcome ?? "", reason.Reason, StatusText.Ago(reason.Last, now),
    ];

    private static string[] Row(EngineStatus engine) =>
    [
        engine.Name, engine.Problem ?? engine.Warning ?? (engine.Ready ? "ready" : "loading"), string.Join(", ", engine.Models),
        StatusText.Work(engine.Work), StatusText.Number(engine.Texts), StatusText.Number(engine.Tokens),
    ];

    public static string[] Row(SiloStatus silo) =>
    [
        silo.Name, silo.State, StatusText.Work(silo.Work), silo.Engine ?? "", StatusText.Number(silo.Batches), StatusText.Grains(silo), StatusText.Seen(silo),
        silo.Version, silo.Problem ?? silo.Warning ?? "",
    ];

    private static string[] Row(ProfileStatus profile) =>
    [
        $"{profile.Name} {profile.Version}", profile.Active ? "yes" : "", profile.Model, StatusText.Number(profile.Iterations), StatusText.Number(profile.Dimension),
        StatusText.Rows(profile.Vectors), StatusText.Filled(profile), Index(profile, DocumentKind.Cv), Index(profile, DocumentKind.Job), StatusText.Bytes(profile.Bytes),
    ];

    private static string Index(ProfileStatus profile, DocumentKind kind) =>
        profile.Indexes.FirstOrDefault(index => index.Kind == kind) is { } index ? StatusText.Index(index) : "";
}
