namespace RtMatching.Core.Evaluation;

/// <summary>
/// How well a threshold on the score tells positives from negatives, as MTEB's pair classification defines it
/// (https://github.com/embeddings-benchmark/mteb): equal scores are always on one side.
/// </summary>
/// <param name="AveragePrecision">Sum of (R_n - R_(n-1)) P_n over descending thresholds, as scikit-learn has it.</param>
/// <param name="Accuracy">At the threshold that is best for it.</param>
/// <param name="F1">At the threshold that is best for it.</param>
public sealed record PairClassification(double AveragePrecision, double Accuracy, double F1)
{
    /// <exception cref="ArgumentException">There is no positive: nothing to find.</exception>
    public static PairClassification Of(IReadOnlyList<double> scores, IReadOnlyList<bool> labels)
    {
        var positives = labels.Count(yes => yes);
        if (scores.Count != labels.Count || positives == 0)
            throw new ArgumentException($"Pair classification needs a positive label and as many labels as scores: {positives} positives, " +
                $"{scores.Count} scores, {labels.Count} labels.");
        var order = Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).ToArray();
        var (found, averagePrecision, accuracy, f1) = (0, 0.0, 0.0, 0.0);
        for (int first = 0, next; first < order.Length; first = next)
        {
            var before = found;
            for (next = first; next < order.Length && scores[order[next]] == scores[order[first]]; next++)
                if (labels[order[next]]) found++;
            averagePrecision += (double)(found - before) / positives * found / next;
            if (next == order.Length && first > 0) break;   // a threshold below every score tells nothing apart
            accuracy = Math.Max(accuracy, (double)(found + (scores.Count - next) - (positives - found)) / scores.Count);
            f1 = Math.Max(f1, 2.0 * found / (next + positives));
        }

        return new PairClassification(averagePrecision, accuracy, f1);
    }
}
