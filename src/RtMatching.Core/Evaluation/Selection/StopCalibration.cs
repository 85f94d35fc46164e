using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>One stop rule on one half of the units.</summary>
/// <param name="Most">Passes at which every text stops.</param>
/// <param name="MeanPasses">Over all texts, those of a side that is not refined included.</param>
/// <param name="AgainstFixed">From every text taking all passes of the sweep to the rule.</param>
/// <param name="AgainstChosen">From the chosen fixed k to the rule.</param>
public sealed record StopFinding(
    StopRule Rule, int Most, double MeanPasses, double Score, BootstrapInterval AgainstFixed, BootstrapInterval AgainstChosen)
{
    /// <summary>Nothing is lost that could be measured, and no more than one standard error.</summary>
    public bool IsHarmless => IsSmall(AgainstFixed) && IsSmall(AgainstChosen) && IsUnmeasurable;

    /// <summary>Neither interval lies below zero.</summary>
    public bool IsUnmeasurable => AgainstFixed.High >= 0 && AgainstChosen.High >= 0;

    private static bool IsSmall(BootstrapInterval difference) => -difference.Mean <= difference.StandardError;
}

/// <summary>
/// Which stop rule saves passes at no measurable loss: set on one half of the units, confirmed on the other. Every rule is judged on the
/// passes that a sweep has run; nothing is run again.
/// </summary>
/// <param name="FixedPasses">Passes of the sweep.</param>
/// <param name="ChosenPasses">The fixed k that a rule must beat.</param>
/// <param name="ChosenMeanPasses">Over all texts, as a rule's are.</param>
/// <param name="Findings">On the calibrating half, in the order of the rules.</param>
/// <param name="Picked">The harmless one of the fewest mean passes; null where none is.</param>
/// <param name="Confirming">The same on the other half.</param>
public sealed record StopCalibration(
    int FixedPasses, int ChosenPasses, double FixedMeanPasses, double ChosenMeanPasses, double FixedScore, double ChosenScore,
    IReadOnlyList<StopFinding> Findings, StopFinding? Picked, StopFinding? Confirming)
{
    private static readonly float[] Thresholds = [0.5f, 0.3f, 0.2f, 0.1f, 0.05f, 0.03f, 0.02f, 0.01f, 0.005f, 0.003f, 0.001f];

    /// <summary>The other half saw no loss that could be measured either.</summary>
    public bool IsConfirmed => Confirming is { IsUnmeasurable: true };

    /// <summary>The rule takes fewer passes than the chosen fixed k: otherwise that is simpler and no dearer.</summary>
    public bool Pays => IsConfirmed && Picked!.MeanPasses < ChosenMeanPasses;

    /// <summary>Change and second change, from loose to strict.</summary>
    public static IReadOnlyList<StopRule> Grid =>
        [.. Thresholds.Select(threshold => new StableChange(threshold)), .. Thresholds.Select(threshold => new StableSecondChange(threshold))];

    /// <param name="chosen">The number of passes that was chosen for the candidate.</param>
    public static StopCalibration Calibrate(
        LabelledTask task, PassCandidate candidate, int chosen, IReadOnlyList<StopRule> rules, UnitHalves halves,
        int seed = 1, CancellationToken cancellation = default)
    {
        var most = candidate.Sweep.Passes;
        var (all, few) = (candidate.Passes(task, most), candidate.Passes(task, chosen));
        var trials = Trials(task, candidate, chosen, rules);
        Judgement[] judged = [candidate.Judge(task, all), candidate.Judge(task, few), .. trials.Select(trial => candidate.Judge(task, trial.Passes))];
        var resampled = ResampledScores.Draw(judged, halves.Calibrating, seed, cancellation: cancellation);
        var findings = trials.Select((trial, i) => Finding(trial, resampled, 2 + i)).ToArray();

        var picked = findings.Where(finding => finding.IsHarmless && finding.MeanPasses < all.Average())
            .OrderBy(finding => finding.MeanPasses).ThenByDescending(finding => finding.Score).FirstOrDefault();
        var confirming = picked is null ? null : Confirm(Array.IndexOf(findings, picked));
        return new StopCalibration(
            most, chosen, all.Average(), few.Average(), resampled.Score(0), resampled.Score(1), findings, picked, confirming);

        StopFinding Confirm(int trial) => Finding(
            trials[trial], ResampledScores.Draw([judged[0], judged[1], judged[2 + trial]], halves.Confirming, seed, cancellation: cancellation), 2);
    }

    private static StopFinding Finding(Trial trial, ResampledScores resampled, int system) => new(
        trial.Rule, trial.Most, trial.Passes.Average(), resampled.Score(system), resampled.Difference(0, system), resampled.Difference(1, system));

    /// <summary>Each rule up to the sweep's passes, and up to the chosen k where that is another; rules that come to the same are tried once.</summary>
    private static List<Trial> Trials(LabelledTask task, PassCandidate candidate, int chosen, IReadOnlyList<StopRule> rules)
    {
        var trials = new List<Trial>();
        foreach (var most in new[] { candidate.Sweep.Passes, chosen }.Distinct().Where(most => most > 1))
            foreach (var rule in rules)
            {
                var passes = candidate.Passes(task, rule, most);
                if (!trials.Any(trial => trial.Passes.AsSpan().SequenceEqual(passes))) trials.Add(new Trial(rule, most, passes));
            }

        return trials;
    }

    /// <param name="Passes">(texts)</param>
    private sealed record Trial(StopRule Rule, int Most, int[] Passes);
}
