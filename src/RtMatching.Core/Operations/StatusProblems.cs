namespace RtMatching.Core.Operations;

public enum ProblemLevel { Warning, Serious }

/// <param name="Remedy">What to do about it.</param>
public sealed record StatusProblem(ProblemLevel Level, string What, string Remedy);

/// <summary>What in a report calls for an operator.</summary>
internal static class StatusProblems
{
    /// <summary>A worker looks several times a second; what has waited this long with nobody at work waits for nobody.</summary>
    private const double UnattendedSeconds = 60;

    /// <summary>From here on a scan takes so long that people notice.</summary>
    private const int ManyVectors = 50_000;

    /// <summary>Beyond this share the next burst of requests finds no connection.</summary>
    private const double ManyConnections = 0.85;

    internal const string DeviceRemedy = "The others do its work, and it is tried until it works; if it stays so, look after the device, or start the process on the others alone.";

    public static IEnumerable<StatusProblem> Of(StatusReport report) =>
        [.. Queue(report), .. SiloProblems.Of(report), .. report.Engines.Where(engine => !IsTold(engine, report)).SelectMany(Engine), .. report.Profiles.SelectMany(Indexes), .. Unindexed(report), .. Store(report.Store), .. Unread(report)];

    private static IEnumerable<StatusProblem> Queue(StatusReport report)
    {
        var (queue, worker) = (report.Queue, report.Silos.Count > 0 ? "rtmatch-silo" : "rtmatch-server");
        if (queue.Stalled > 0)
            yield return new(ProblemLevel.Serious, $"{StatusText.Items(queue.Stalled)} leased to a worker that has gone silent.",
                $"The next worker takes them back within seconds; if they stay, none runs: start {worker}.");
        if (queue is { Waiting: > 0, Leased: 0, EndedLastMinute: 0, OldestSeconds: > UnattendedSeconds })
            yield return new(ProblemLevel.Serious,
                $"{StatusText.Items(queue.Waiting)} waiting and nobody works on them, for {StatusText.Duration(queue.OldestSeconds.Value)}.",
                $"Start {worker} with --work parse,embed, or run the same 'rtmatch ingest' again.");
        if (queue.DeadLetters > 0)
            yield return new(ProblemLevel.Warning, $"{StatusText.Items(queue.DeadLetters)} given up after too many attempts (dead letters).",
                "'rtmatch ingestions show ID --failed' names them; once the cause is gone, 'rtmatch ingestions retry ID'.");
    }

    /// <summary>A silo whose engine fails says the same of itself.</summary>
    private static bool IsTold(EngineStatus engine, StatusReport report) => report.Silos.Any(silo =>
        (engine.Problem is { } problem && silo.Problem == problem) || (engine is { Problem: null, Warning: { } warning } && silo.Warning == warning));

    private static IEnumerable<StatusProblem> Engine(EngineStatus engine)
    {
        if (engine.Problem is { } problem)
            yield return new(ProblemLevel.Serious, $"Engine {engine.Name}: {problem}", "The server's log has the details.");
        else if (engine.Warning is { } warning) yield return new(ProblemLevel.Warning, $"Engine {engine.Name}: {warning}", DeviceRemedy);
        else if (!engine.Ready) yield return new(ProblemLevel.Warning, $"Engine {engine.Name} is not ready.", "It is loading its model; that takes a moment.");
    }

    private static IEnumerable<StatusProblem> Indexes(ProfileStatus profile) =>
        from index in profile.Indexes
        where index.State == IndexState.Invalid
        select new StatusProblem(ProblemLevel.Serious, $"The {StatusText.Kinds(index.Kind)}' index of {profile.Name} {profile.Version} is invalid: searches scan every vector.",
            "Drop it; the end of the next ingestion builds it again.");

    /// <summary>While an ingestion runs that is as it should be: the index is built after it.</summary>
    private static IEnumerable<StatusProblem> Unindexed(StatusReport report) =>
        from profile in report.Profiles
        where profile.Active && profile.Vectors.Count > ManyVectors && profile.Indexes.All(index => index.State == IndexState.None)
            && !report.Ingestions.Any(status => status.IsOpen && status.Ingestion.Profile == profile.Name)
        select new StatusProblem(ProblemLevel.Warning, $"{profile.Name} {profile.Version} has no index: each search scans {StatusText.Rows(profile.Vectors)} vectors.",
            "The end of an ingestion builds it; 'rtmatch ingest' of any folder will do.");

    private static IEnumerable<StatusProblem> Store(StoreStatus? store)
    {
        if (store is not null && store.Connections > store.MaxConnections * ManyConnections)
            yield return new(ProblemLevel.Warning, $"{store.Connections} of {store.MaxConnections} connections to PostgreSQL are in use.",
                "Raise max_connections, or give each process a smaller 'Maximum Pool Size'.");
    }

    private static IEnumerable<StatusProblem> Unread(StatusReport report) =>
        report.Unread.Select(part => new StatusProblem(ProblemLevel.Warning, $"Not read: {part}", "The rest of this report holds."));
}
