using System.Globalization;
using RtMatching.Cli.Input;
using RtMatching.Core.Evaluation;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Reports;

/// <summary>What a tuning found, in words and tables: the same in the terminal, the page and the JSON.</summary>
/// <param name="report">Of the same tuning.</param>
internal sealed class TuneText(Tuning tuning, EvaluationReport report)
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    private CandidateChoice Chosen => tuning.Choice.Chosen;

    /// <summary>The choice in one line.</summary>
    public string Choice => $"choice: {Chosen.Candidate.Name}, " +
        (tuning.Rule is { } rule ? $"at most {tuning.Iterations} passes, stop rule {StopRuleText.Name(rule)}" : $"k = {tuning.Iterations}");

    /// <summary>Why, for people.</summary>
    public IEnumerable<string> Why => (string?[])[Passes(), Pooling(), StopRule(), .. tuning.Thresholds.Select(Threshold)] switch
    {
        var sentences => sentences.OfType<string>(),
    };

    public static readonly string[] StopHeader = ["stop rule", "at most", "mean passes", "score", "against all passes", "against the chosen k", "verdict"];

    /// <summary>Of the half that rules are set on, and the pick on the other half.</summary>
    public IEnumerable<string[]> StopRows()
    {
        if (tuning.Stop is not { } stop) yield break;
        yield return ["none: all passes", Count(stop.FixedPasses), Number(stop.FixedMeanPasses, 2), Score(stop.FixedScore), "", "", ""];
        yield return ["none: the chosen k", Count(stop.ChosenPasses), Number(stop.ChosenMeanPasses, 2), Score(stop.ChosenScore), "", "", ""];
        foreach (var finding in stop.Findings)
            yield return Row(finding, ReferenceEquals(finding, stop.Picked) ? "picked" : finding.IsHarmless ? "harmless" : finding.IsUnmeasurable ? "over one error" : "loses");
        if (stop.Confirming is { } confirming) yield return Row(confirming, stop.IsConfirmed ? "other half: confirmed" : "other half: loses");
    }

    private string[] Row(StopFinding finding, string verdict) =>
    [
        StopRuleText.Name(finding.Rule), Count(finding.Most), Number(finding.MeanPasses, 2), Score(finding.Score),
        Interval(finding.AgainstFixed), Interval(finding.AgainstChosen), verdict,
    ];

    private string Passes() => Chosen.Reason switch
    {
        ChoiceReason.TakesNoPasses => $"{Chosen.Candidate.Name} takes one pass and no more.",
        ChoiceReason.FirstIsBest => "No number of passes scores higher than one" + (Worse() is { Length: > 0 } worse ? $", and k = {worse} is clearly lower." : "."),
        ChoiceReason.NothingBeyondFirst =>
            $"No number of passes can be told from k = 1: the best, k = {Chosen.BestK}, is {Signed(Chosen.Points[Chosen.BestK - 1].AgainstFirst!.Mean)}, " +
            $"and over {report.Units.ToString("N0", Culture)} {report.UnitName} a gain had to reach about {Score(Chosen.Visible!.Value)} to be more than luck. " +
            $"Gains half as large take four times as many {report.UnitName}.",
        _ => Fewest(),
    };

    private string Fewest()
    {
        var points = Chosen.Points;
        var proof = points[Chosen.K - 1].AgainstFirstAtOnce is { Low: > 0 } own ? (Chosen.K, own) : points
            .Where(point => point.AgainstFirstAtOnce is { Low: > 0 }).Select(point => (point.K, point.AgainstFirstAtOnce!)).First();
        var gain = $"k = {proof.Item1} beats one pass by {Interval(proof.Item2)}, looking at all k at once.";
        return Chosen.K == Chosen.BestK
            ? $"{gain} No fewer passes come within one standard error of it."
            : $"{gain} k = {Chosen.BestK} scores highest; k = {Chosen.K} is the fewest within one standard error of it " +
              $"({Score(Chosen.ToBest.Mean)} lower, standard error {Score(Chosen.ToBest.StandardError)}).";
    }

    private string Worse() => string.Join(", ", Chosen.Points.Where(point => point.AgainstFirstAtOnce is { High: < 0 }).Select(point => point.K));

    private string? Pooling()
    {
        if (tuning.Choice.Candidates.Count == 1) return null;
        var leader = tuning.Choice.Leader;
        return ReferenceEquals(leader, Chosen)
            ? $"{Chosen.Candidate.Name} scores highest of {tuning.Choice.Candidates.Count} compared ({Score(Chosen.Score)})."
            : $"{leader.Candidate.Name} with k = {leader.K} scores {Score(-tuning.Choice.AgainstLeader.Mean)} higher, within one standard error " +
              $"({Score(tuning.Choice.AgainstLeader.StandardError)}); {Chosen.Candidate.Name} costs less.";
    }

    private string? StopRule() => tuning.Stop switch
    {
        null => null,
        { Pays: true } stop =>
            $"With {StopRuleText.Name(stop.Picked!.Rule)} a text takes {Number(stop.Picked.MeanPasses, 2)} passes on average instead of " +
            $"{Number(stop.ChosenMeanPasses, 2)}, with no loss that could be measured: {Interval(stop.Picked.AgainstChosen)} on the half that set it, " +
            $"{Interval(stop.Confirming!.AgainstChosen)} on the other.",
        { IsConfirmed: true } stop =>
            $"{StopRuleText.Name(stop.Picked!.Rule)} takes {Number(stop.Picked.MeanPasses, 2)} of {Number(stop.FixedMeanPasses, 2)} passes with no loss that could be " +
            $"measured ({Interval(stop.Confirming!.AgainstFixed)} on the other half), but no fewer than the chosen k does: the fixed k is simpler.",
        { Picked: { } picked } stop =>
            $"{StopRuleText.Name(picked.Rule)} looked harmless on the half that set it and lost {Interval(stop.Confirming!.AgainstFixed)} on the other: no stop rule.",
        _ => "No stop rule saves passes without a loss.",
    };

    private static string Threshold(ScoreThreshold threshold) =>
        $"A pair is best taken for a yes from a cosine of {Number(threshold.Cosine, 3)} on, for {(threshold.Goal == "f1" ? "F1" : threshold.Goal)}: " +
        $"{Number(threshold.Calibrated * 100, 1)}% on the half that set it, {Number(threshold.Confirmed * 100, 1)}% on the other.";

    private string Interval(BootstrapInterval interval) => $"{Signed(interval.Mean)} [{Score(interval.Low)}, {Score(interval.High)}]";

    private string Signed(double value) => (value > 0 ? "+" : "") + Score(value);

    private string Score(double value) => Number(value * report.Scale, report.Scale >= 10 ? 2 : 4);

    /// <summary>Without the sign of a zero.</summary>
    private static string Number(double value, int digits) => (Math.Round(value, digits) + 0.0).ToString($"F{digits}", Culture);

    private static string Count(int value) => value.ToString(Culture);
}
