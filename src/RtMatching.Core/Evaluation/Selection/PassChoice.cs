namespace RtMatching.Core.Evaluation;

/// <summary>Why a number of passes was chosen.</summary>
public enum ChoiceReason
{
    /// <summary>The pooling takes no passes.</summary>
    TakesNoPasses,

    /// <summary>No number of passes scores higher than one.</summary>
    FirstIsBest,

    /// <summary>Some score higher, none beyond the band that holds for all of them at once.</summary>
    NothingBeyondFirst,

    /// <summary>Passes help, and these are the fewest within one standard error of the best.</summary>
    FewestWithinOneError,
}

/// <summary>What was found for one candidate.</summary>
/// <param name="Points">The curve over k.</param>
/// <param name="BestK">The highest score, by however little.</param>
/// <param name="K">The choice.</param>
/// <param name="ToBest">From the choice to the best: how much may have been given away.</param>
public sealed record CandidateChoice(
    PassCandidate Candidate, IReadOnlyList<CurvePoint> Points, int BestK, int K, ChoiceReason Reason, BootstrapInterval ToBest)
{
    public double Score => Points[K - 1].Metrics[0].Value;

    /// <summary>How large a gain over k = 1 had to be to be told from luck: half the band's width at the best k; null for one pass alone.</summary>
    public double? Visible => Points[BestK == 1 ? ^1 : BestK - 1].AgainstFirstAtOnce is { } band ? band.High - band.Mean : null;
}

/// <summary>
/// The number of passes, and the pooling and side where several were compared, that a labelled task asks for: the fewest passes within one
/// paired-bootstrap standard error of the best (Breiman et al., 1984), and one pass unless some k beats it beyond doubt.
/// </summary>
/// <param name="Chosen">One of <paramref name="Candidates"/>.</param>
/// <param name="Leader">The one that scores highest; the chosen one where nothing cheaper comes as near.</param>
/// <param name="AgainstLeader">From the leader to the chosen.</param>
public sealed record PassChoice(
    IReadOnlyList<CandidateChoice> Candidates, CandidateChoice Chosen, CandidateChoice Leader, BootstrapInterval AgainstLeader)
{
    /// <exception cref="TooFewUnitsException">Fewer units than can tell anything.</exception>
    /// <exception cref="ArgumentException">No candidate has a score on the task.</exception>
    /// <param name="labels">Of the units, where each has one.</param>
    public static PassChoice Choose(
        LabelledTask task, IReadOnlyList<PassCandidate> candidates, string unitName, IReadOnlyList<double>? labels = null,
        int seed = 1, CancellationToken cancellation = default)
    {
        UnitRequirement.Check(task.Units, unitName, labels);
        var judged = candidates
            .Select(candidate => Enumerable.Range(1, candidate.Sweep.Passes).Select(k => candidate.Judge(task, candidate.Passes(task, k))).ToArray())
            .ToArray();                                                                         // (candidates, passes)
        var resampled = ResampledScores.Draw([.. judged.SelectMany(passes => passes)], seed: seed, cancellation: cancellation);
        return Choose(candidates, judged, resampled);
    }

    private static PassChoice Choose(IReadOnlyList<PassCandidate> candidates, Judgement[][] judged, ResampledScores resampled)
    {
        var starts = new int[judged.Length];
        for (var i = 1; i < starts.Length; i++) starts[i] = starts[i - 1] + judged[i - 1].Length;
        var points = PairedBootstrap.Points(judged, resampled);
        var choices = candidates.Select((candidate, i) => Choose(candidate, points[i], resampled, starts[i]))
            .Zip(starts, (choice, start) => (Choice: choice, System: start + choice.K - 1))
            .Where(choice => double.IsFinite(choice.Choice.Score)).ToArray();
        if (choices.Length == 0) throw new ArgumentException("The metric is undefined for every configuration: all vectors are alike; is the right model named?");
        var leader = choices.MaxBy(choice => choice.Choice.Score);
        var chosen = choices
            .Where(choice => leader.Choice.Score - choice.Choice.Score <= resampled.Difference(choice.System, leader.System).StandardError)
            .OrderBy(choice => choice.Choice.Candidate.ModelRuns).ThenBy(choice => choice.Choice.K).ThenByDescending(choice => choice.Choice.Score).First();
        return new PassChoice(
            [.. choices.Select(choice => choice.Choice)], chosen.Choice, leader.Choice, resampled.Difference(leader.System, chosen.System));
    }

    private static CandidateChoice Choose(PassCandidate candidate, IReadOnlyList<CurvePoint> points, ResampledScores resampled, int start)
    {
        var best = Enumerable.Range(0, points.Count).Where(i => double.IsFinite(resampled.Score(start + i)))
            .OrderByDescending(i => resampled.Score(start + i)).FirstOrDefault();
        var helps = points.Any(point => point.AgainstFirstAtOnce is { Low: > 0 });
        var chosen = helps
            ? Enumerable.Range(0, points.Count).First(i => WithinOneError(resampled.Difference(start + i, start + best)))
            : 0;
        var reason = points.Count == 1 ? ChoiceReason.TakesNoPasses
            : best == 0 ? ChoiceReason.FirstIsBest
            : helps ? ChoiceReason.FewestWithinOneError
            : ChoiceReason.NothingBeyondFirst;
        return new CandidateChoice(candidate, points, best + 1, chosen + 1, reason, resampled.Difference(start + chosen, start + best));
    }

    private static bool WithinOneError(BootstrapInterval toBest) => toBest.Mean <= toBest.StandardError;
}
