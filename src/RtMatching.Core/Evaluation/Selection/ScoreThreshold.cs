namespace RtMatching.Core.Evaluation;

/// <summary>
/// The cosine from which on a pair is taken for a positive, set where it does best on one half of the pairs and tried on the other half.
/// </summary>
/// <param name="Goal"><c>f1</c> or <c>accuracy</c>.</param>
/// <param name="Cosine">Pairs at it or above are positives.</param>
/// <param name="Calibrated">The goal's value on the half that set it: too good by as much as it was fitted.</param>
/// <param name="Confirmed">On the other half, which knew nothing of it.</param>
public sealed record ScoreThreshold(string Goal, double Cosine, double Calibrated, double Confirmed)
{
    /// <param name="cosines">(pairs)</param>
    /// <param name="positives">(pairs)</param>
    /// <param name="halves">Of the pairs' indexes; each must hold both labels.</param>
    /// <returns>For F1 and for accuracy; none where a half lacks a label.</returns>
    public static IReadOnlyList<ScoreThreshold> Calibrate(IReadOnlyList<double> cosines, IReadOnlyList<bool> positives, UnitHalves halves)
    {
        var (calibrating, confirming) = (Pick(halves.Calibrating), Pick(halves.Confirming));
        if (!HasBoth(calibrating) || !HasBoth(confirming)) return [];
        return
        [
            .. new (string Name, Func<Counts, double> Value)[] { ("f1", counts => counts.F1), ("accuracy", counts => counts.Accuracy) }.Select(goal =>
            {
                var cut = Best(calibrating, goal.Value);
                return new ScoreThreshold(goal.Name, cut, goal.Value(At(calibrating, cut)), goal.Value(At(confirming, cut)));
            }),
        ];

        (double Cosine, bool Positive)[] Pick(IReadOnlyList<int> half) => [.. half.Select(i => (cosines[i], positives[i]))];
    }

    private static bool HasBoth((double Cosine, bool Positive)[] pairs) => pairs.Any(pair => pair.Positive) && pairs.Any(pair => !pair.Positive);

    /// <summary>Midway between the two neighbouring cosines that it parts, so that a pair a hair lower on the other half is not lost.</summary>
    private static double Best((double Cosine, bool Positive)[] pairs, Func<Counts, double> goal)
    {
        var sorted = pairs.OrderByDescending(pair => pair.Cosine).ToArray();
        var positives = sorted.Count(pair => pair.Positive);
        var (found, best, cut) = (0, double.NegativeInfinity, sorted[0].Cosine);
        for (var taken = 1; taken <= sorted.Length; taken++)
        {
            if (sorted[taken - 1].Positive) found++;
            var next = taken < sorted.Length ? sorted[taken].Cosine : sorted[^1].Cosine;
            if (taken < sorted.Length && next == sorted[taken - 1].Cosine) continue;             // equal cosines are on one side
            var value = goal(new Counts(found, taken - found, positives - found, sorted.Length - taken - (positives - found)));
            if (value > best) (best, cut) = (value, (sorted[taken - 1].Cosine + next) / 2);
        }

        return cut;
    }

    private static Counts At((double Cosine, bool Positive)[] pairs, double cut) => new(
        pairs.Count(pair => pair.Cosine >= cut && pair.Positive), pairs.Count(pair => pair.Cosine >= cut && !pair.Positive),
        pairs.Count(pair => pair.Cosine < cut && pair.Positive), pairs.Count(pair => pair.Cosine < cut && !pair.Positive));

    private readonly record struct Counts(int TruePositives, int FalsePositives, int FalseNegatives, int TrueNegatives)
    {
        public double F1 => 2.0 * TruePositives / (2 * TruePositives + FalsePositives + FalseNegatives);

        public double Accuracy => (double)(TruePositives + TrueNegatives) / (TruePositives + FalsePositives + FalseNegatives + TrueNegatives);
    }
}
