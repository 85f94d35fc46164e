using RtMatching.Core.Profiles;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>A configuration and the side that takes passes 2..k: one curve over k to choose from.</summary>
/// <param name="Sweep">With every pass of every text, whichever side is refined.</param>
/// <param name="ModelRuns">How often the model reads a text in pass 1: 8 for MetaEOL, 1 otherwise. Dearer ones must earn it.</param>
public sealed record PassCandidate(Sweep Sweep, RefinedSide Side = RefinedSide.Both, int ModelRuns = 1)
{
    public string Name => Side == RefinedSide.Both ? Sweep.Configuration : $"{Sweep.Configuration}, {(Side == RefinedSide.Query ? "queries" : "documents")} only";

    /// <summary>Every text of the refined side after <paramref name="k"/> passes, the others after one. (texts)</summary>
    public int[] Passes(LabelledTask task, int k) => [.. task.Texts.Select(text => IsRefined(text) ? k : 1)];

    /// <summary>Texts of the refined side stop by the rule, after <paramref name="most"/> passes at the latest. (texts)</summary>
    public int[] Passes(LabelledTask task, StopRule rule, int most)
    {
        var stops = Sweep.PassesUnder(rule);
        return [.. task.Texts.Select((text, i) => IsRefined(text) ? Math.Min(stops[i], most) : 1)];
    }

    /// <param name="passes">(texts)</param>
    public Judgement Judge(LabelledTask task, int[] passes) => task.Judge(Sweep.At(passes));

    public bool IsRefined(TaskText text) => Side == RefinedSide.Both || text.Side == RefinedSide.Both || text.Side == Side;
}
