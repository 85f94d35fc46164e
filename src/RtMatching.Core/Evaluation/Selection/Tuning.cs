using RtMatching.Core.Profiles;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>What is compared besides poolings and numbers of passes.</summary>
/// <param name="Sides">That take passes 2..k, each compared with the others.</param>
/// <param name="LearnStop">A stop rule is learned from the traces and compared too.</param>
public sealed record TuningSettings(IReadOnlyList<RefinedSide> Sides, IReadOnlyList<StopRule> StopRules, bool LearnStop = false, int Seed = 1);

/// <summary>What a labelled task asks for: pooling, side, number of passes or stop rule, and the threshold for yes and no.</summary>
/// <param name="Curves">The score over k of every candidate.</param>
/// <param name="Stop">Null where no rule was asked for, the chosen pooling takes no passes, or there are too few units for two halves.</param>
/// <param name="Thresholds">Empty where the labels are not two.</param>
/// <param name="Notes">Why something was left out.</param>
public sealed record Tuning(
    PassChoice Choice, IReadOnlyList<Curve> Curves, StopCalibration? Stop, IReadOnlyList<ScoreThreshold> Thresholds, IReadOnlyList<string> Notes)
{
    /// <summary>Epsilons of learned rules: how near to the last pass's embedding is near enough, as 1 - cosine.</summary>
    private static readonly double[] Epsilons = [0.01, 0.001];

    /// <summary>Passes at which every text stops.</summary>
    public int Iterations => Stop is { Pays: true } ? Stop.Picked!.Most : Choice.Chosen.K;

    /// <summary>Null where the fixed number of passes is as good.</summary>
    public StopRule? Rule => Stop is { Pays: true } ? Stop.Picked!.Rule : null;

    /// <param name="sweeps">Every pass of every text, with how often each configuration's model reads a text in pass 1.</param>
    /// <exception cref="TooFewUnitsException">Fewer units than can tell anything.</exception>
    public static Tuning Of(
        LabelledTask task, IReadOnlyList<(Sweep Sweep, int ModelRuns)> sweeps, TuningSettings settings, CancellationToken cancellation = default)
    {
        var labels = task.Pairs?.Select(pair => pair.Score).ToArray();
        var candidates = sweeps.SelectMany(sweep => Sides(sweep.Sweep, settings)
            .Select(side => new PassCandidate(sweep.Sweep, side, sweep.ModelRuns))).ToArray();
        var choice = PassChoice.Choose(task, candidates, task.UnitName, labels, settings.Seed, cancellation);
        var halves = UnitHalves.Of(task.Units, settings.Seed);
        var notes = new List<string>();
        var stop = CalibrateStop(task, choice.Chosen, settings, halves, notes, cancellation);
        var tuning = new Tuning(
            choice, [.. choice.Candidates.Select(found => TaskReport.CurveOf(found.Candidate.Sweep, found.Candidate.Name, found.Points))], stop, [], notes);
        return tuning with { Thresholds = tuning.CalibrateThresholds(task, labels, halves) };
    }

    /// <summary>How many passes each text takes under the choice. (texts)</summary>
    public int[] Passes(LabelledTask task) =>
        Rule is { } rule ? Choice.Chosen.Candidate.Passes(task, rule, Iterations) : Choice.Chosen.Candidate.Passes(task, Iterations);

    /// <summary>Where there is one pass alone, the sides are alike.</summary>
    private static IEnumerable<RefinedSide> Sides(Sweep sweep, TuningSettings settings) => sweep.Passes > 1 ? settings.Sides : [RefinedSide.Both];

    private static StopCalibration? CalibrateStop(
        LabelledTask task, CandidateChoice chosen, TuningSettings settings, UnitHalves halves, List<string> notes, CancellationToken cancellation)
    {
        if (chosen.Candidate.Sweep.Passes < 2 || (settings.StopRules.Count == 0 && !settings.LearnStop)) return null;
        if (halves.Confirming.Count < UnitRequirement.LeastUnits)
        {
            notes.Add($"no stop rule was looked for: it is set on one half of the {task.UnitName} and confirmed on the other, which takes at least " +
                $"{2 * UnitRequirement.LeastUnits} of them, and there are {task.Units}");
            return null;
        }

        StopRule[] rules = [.. settings.StopRules, .. settings.LearnStop ? Learned(task, chosen.Candidate, settings, halves, notes) : []];
        return StopCalibration.Calibrate(task, chosen.Candidate, chosen.K, rules, halves, settings.Seed, cancellation);
    }

    private static IEnumerable<StopRule> Learned(
        LabelledTask task, PassCandidate candidate, TuningSettings settings, UnitHalves halves, List<string> notes)
    {
        var texts = TrainingTexts(task, candidate, halves).Select(text => candidate.Sweep.Texts[text]).ToArray();
        if (texts.Length < LearnedStopTrainer.LeastTexts || candidate.Sweep.Passes < 3)
        {
            notes.Add($"no stop rule was learned: it takes {LearnedStopTrainer.LeastTexts} texts and 3 passes, and there are {texts.Length} and {candidate.Sweep.Passes}");
            return [];
        }

        return [.. Epsilons.Select(epsilon => LearnedStopTrainer.Train(texts, epsilon, settings.Seed).Rule).Distinct()];
    }

    /// <summary>Of the refined side; of pairs only texts that the confirming half does not show. (No label is looked at in either case.)</summary>
    private static IEnumerable<int> TrainingTexts(LabelledTask task, PassCandidate candidate, UnitHalves halves)
    {
        var kept = task.Pairs is { } pairs ? halves.Confirming.SelectMany(unit => new[] { pairs[unit].First, pairs[unit].Second }).ToHashSet() : [];
        return Enumerable.Range(0, task.Texts.Count).Where(text => candidate.IsRefined(task.Texts[text]) && !kept.Contains(text));
    }

    private IReadOnlyList<ScoreThreshold> CalibrateThresholds(LabelledTask task, double[]? labels, UnitHalves halves)
    {
        if (task.Pairs is not { } pairs || !UnitRequirement.IsBinary(labels!)) return [];
        var yes = labels!.Max();
        return ScoreThreshold.Calibrate(
            PairJudgement.Cosines(pairs, Choice.Chosen.Candidate.Sweep.At(Passes(task))), [.. labels!.Select(label => label == yes)], halves);
    }
}
