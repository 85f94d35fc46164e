using RtMatching.Core.Evaluation;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Reports;

/// <summary>A tuning for programs.</summary>
/// <param name="Profile">As stored; null where it was not.</param>
internal sealed record TuneJson(
    TuneJson.ChoiceJson Choice, IReadOnlyList<TuneJson.CandidateJson> Candidates, TuneJson.StopJson? StopCalibration,
    IReadOnlyList<ScoreThreshold> ThresholdCalibration, EvaluationJson Evaluation, ProfileVersion? Profile)
{
    /// <param name="Iterations">Passes at which every text stops.</param>
    /// <param name="AgainstLeader">From the highest-scoring candidate to the chosen one.</param>
    public sealed record ChoiceJson(
        string Configuration, RefinedSide Refined, int Iterations, StopRule? Stop, ChoiceReason Reason, IReadOnlyList<string> Why,
        string Leader, EvaluationJson.IntervalJson? AgainstLeader);

    /// <param name="ToBest">From k to the best k.</param>
    public sealed record CandidateJson(
        string Configuration, RefinedSide Refined, int K, int BestK, ChoiceReason Reason, double? Score, EvaluationJson.IntervalJson? ToBest);

    public sealed record StopJson(
        int FixedPasses, int ChosenPasses, double FixedMeanPasses, double ChosenMeanPasses, double? FixedScore, double? ChosenScore,
        bool Confirmed, bool Pays, FindingJson? Picked, FindingJson? Confirming, IReadOnlyList<FindingJson> Findings);

    public sealed record FindingJson(
        StopRule Rule, int Most, double MeanPasses, double? Score, EvaluationJson.IntervalJson? AgainstFixed, EvaluationJson.IntervalJson? AgainstChosen,
        bool Harmless)
    {
        public static FindingJson? Of(StopFinding? finding) => finding is null ? null : new FindingJson(
            finding.Rule, finding.Most, finding.MeanPasses, EvaluationJson.Finite(finding.Score),
            EvaluationJson.IntervalJson.Of(finding.AgainstFixed), EvaluationJson.IntervalJson.Of(finding.AgainstChosen), finding.IsHarmless);
    }

    public static TuneJson Of(Tuning tuning, EvaluationReport report, ProfileVersion? profile)
    {
        var chosen = tuning.Choice.Chosen;
        return new TuneJson(
            new ChoiceJson(chosen.Candidate.Sweep.Configuration, chosen.Candidate.Side, tuning.Iterations, tuning.Rule, chosen.Reason,
                [.. new TuneText(tuning, report).Why], tuning.Choice.Leader.Candidate.Name, EvaluationJson.IntervalJson.Of(tuning.Choice.AgainstLeader)),
            [.. tuning.Choice.Candidates.Select(Of)], Of(tuning.Stop), tuning.Thresholds, EvaluationJson.Of(report), profile);
    }

    private static CandidateJson Of(CandidateChoice choice) => new(
        choice.Candidate.Sweep.Configuration, choice.Candidate.Side, choice.K, choice.BestK, choice.Reason, EvaluationJson.Finite(choice.Score),
        EvaluationJson.IntervalJson.Of(choice.ToBest));

    private static StopJson? Of(StopCalibration? stop) => stop is null ? null : new StopJson(
        stop.FixedPasses, stop.ChosenPasses, stop.FixedMeanPasses, stop.ChosenMeanPasses, EvaluationJson.Finite(stop.FixedScore),
        EvaluationJson.Finite(stop.ChosenScore), stop.IsConfirmed, stop.Pays, FindingJson.Of(stop.Picked), FindingJson.Of(stop.Confirming),
        [.. stop.Findings.Select(finding => FindingJson.Of(finding)!)]);
}
