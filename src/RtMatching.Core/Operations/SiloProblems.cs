using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Operations;

/// <summary>What in a cluster calls for an operator. Silos with the same thing wrong stand together: a hundred may lose the network at once.</summary>
internal static class SiloProblems
{
    /// <summary>A silo reports itself every two seconds.</summary>
    private const double LateSeconds = 15;

    private const int MaxNames = 3;

    public static IEnumerable<StatusProblem> Of(StatusReport report)
    {
        if (report.Silos.Count == 0) return [];
        var living = report.Silos.Where(silo => silo.State != SiloState.Dead).ToList();

        // One that was started again under its name is not missed.
        var dead = report.Silos.Where(silo => silo.State == SiloState.Dead && !living.Exists(other => other.Name == silo.Name)).DistinctBy(silo => silo.Name).ToList();
        return [.. Unattended(report, living), .. Broken(living), .. Impaired(living), .. Silent(living, report.TakenAt), .. Gone(dead), .. Draining(living), .. Versions(living)];
    }

    /// <summary>Stages at which items wait while no silo can work on them.</summary>
    private static IEnumerable<StatusProblem> Unattended(StatusReport report, IReadOnlyList<SiloStatus> living)
    {
        foreach (var stage in report.Queue.Stages.Where(stage => stage.Waiting > 0))
        {
            var able = living.Where(silo => WorksAt(stage.Stage, silo)).ToList();
            var embeds = stage.Stage == ItemStage.Parsed;
            if (able.Exists(silo => silo.State == SiloState.Active) && !(embeds && NoEngineIsReady(report))) continue;
            var what = embeds ? "to be embedded, and no silo has an engine that is ready" : "to be parsed, and no silo parses";
            yield return new(ProblemLevel.Serious, $"{StatusText.Items(stage.Waiting)} waiting {what}.", Remedy(embeds, able));
        }
    }

    private static bool WorksAt(ItemStage stage, SiloStatus silo) => silo.Problem is null
        && (stage == ItemStage.Parsed ? silo.Engine is not null && silo.Work.Contains("embed") : silo.Work.Contains("parse"));

    /// <summary>Where no engine is told of, the silos' own word stands.</summary>
    private static bool NoEngineIsReady(StatusReport report) => report.Engines.Count > 0 && !report.Engines.Any(engine => engine is { Ready: true, Problem: null });

    private static string Remedy(bool embeds, List<SiloStatus> able)
    {
        if (able.Find(silo => silo.State == SiloState.Draining) is { } draining) return $"'rtmatch silos resume {InCommand(draining)}' has one work again that could.";
        if (able.Count > 0) return "One is starting or loads its model, which takes a moment; if it stays so, its log says why.";
        return $"They wait without harm. Start one: rtmatch-silo {(embeds ? "--engine cpu --work embed" : "--work parse")}.";
    }

    private static IEnumerable<StatusProblem> Broken(IEnumerable<SiloStatus> living) =>
        from silo in living
        where silo.Problem is not null
        group silo by silo.Problem into same
        select new StatusProblem(ProblemLevel.Serious, $"{Silos(same)}: {same.Key}", "It gets no work that it would do wrongly; its log has the details.");

    private static IEnumerable<StatusProblem> Impaired(IEnumerable<SiloStatus> living) =>
        from silo in living
        where silo.Warning is not null
        group silo by silo.Warning into same
        select new StatusProblem(ProblemLevel.Warning, $"{Silos(same)}: {same.Key}", StatusProblems.DeviceRemedy);

    private static IEnumerable<StatusProblem> Silent(IReadOnlyList<SiloStatus> living, DateTimeOffset now)
    {
        var silent = living.Where(silo => silo.SeenSecondsAgo is { } seen ? seen > LateSeconds : (now - silo.StartedAt)?.TotalSeconds > LateSeconds).ToList();
        if (silent.Count == 0) yield break;
        var longest = silent.Max(silo => silo.SeenSecondsAgo) is { } seconds ? $" for {StatusText.Duration(seconds)}" : "";
        yield return new(ProblemLevel.Serious, $"{Silos(silent)}: no report{longest}.",
            "Dead, cut off, or too busy to answer. The cluster gives what a dead one held to the others within a minute; its log and machine tell the rest.");
    }

    private static IEnumerable<StatusProblem> Gone(IReadOnlyList<SiloStatus> dead)
    {
        if (dead.Count > 0)
            yield return new(ProblemLevel.Warning, $"{Silos(dead)}: gone from the cluster.", "What it held goes to the others. Start it again if it should be there.");
    }

    private static IEnumerable<StatusProblem> Draining(IEnumerable<SiloStatus> living)
    {
        var draining = living.Where(silo => silo.State == SiloState.Draining).ToList();
        if (draining.Count == 0) yield break;
        var batches = draining.Sum(silo => (long)silo.Batches);
        yield return new(ProblemLevel.Warning, $"{Silos(draining)}: draining, {StatusText.InFlight(batches)}.",
            $"With nothing in flight it can be stopped; 'rtmatch silos resume {InCommand(draining[0])}' has it work again.");
    }

    private static IEnumerable<StatusProblem> Versions(IEnumerable<SiloStatus> living)
    {
        // One that has not reported yet has told no version.
        var versions = living.Where(silo => silo.Version.Length > 0).GroupBy(silo => silo.Version).OrderBy(version => version.Key, StringComparer.Ordinal).ToList();
        if (versions.Count > 1)
            yield return new(ProblemLevel.Warning, $"Different versions side by side: {string.Join("; ", versions.Select(version => $"{version.Key} ({Names(version, out _)})"))}.",
                "As it should be while silos are upgraded one after the other; otherwise upgrade those left behind.");
    }

    private static string Silos(IEnumerable<SiloStatus> silos)
    {
        var names = Names(silos, out var count);
        return $"{(count == 1 ? "Silo" : "Silos")} {names}";
    }

    private static string Names(IEnumerable<SiloStatus> silos, out int count)
    {
        var names = silos.Select(silo => silo.Name).ToList();
        count = names.Count;
        return string.Join(", ", names.Take(MaxNames)) + (count > MaxNames ? $" and {count - MaxNames} more" : "");
    }

    /// <summary>For a shell: a name that would mean more than itself there is not written out.</summary>
    private static string InCommand(SiloStatus silo) => silo.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? silo.Name : "NAME";
}
