namespace RtMatching.Core.Evaluation;

/// <summary>How well scores agree with what people said.</summary>
public static class Agreement
{
    /// <summary>
    /// The probability that a random positive scores above a random negative, ties counting half (the area under the ROC curve).
    /// </summary>
    /// <exception cref="ArgumentException">There is no positive or no negative: nothing to tell apart.</exception>
    public static double Auc(IReadOnlyList<double> scores, IReadOnlyList<bool> labels)
    {
        CheckLengths(scores.Count, labels.Count);
        var positives = labels.Count(yes => yes);
        var negatives = labels.Count - positives;
        if (positives == 0 || negatives == 0) throw new ArgumentException("AUC needs at least one positive and one negative label.");
        var ranks = Ranks(scores);
        var sum = labels.Select((yes, i) => yes ? ranks[i] : 0).Sum();
        return (sum - positives * (positives + 1.0) / 2) / ((double)positives * negatives);
    }

    /// <summary>Spearman's rank correlation, ties sharing the mean of their ranks; NaN where one side is constant.</summary>
    public static double Spearman(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        CheckLengths(a.Count, b.Count);
        return Pearson(Ranks(a), Ranks(b));
    }

    /// <summary>Ranks from 1, ascending; ties share the mean of theirs.</summary>
    internal static double[] Ranks(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (var first = 0; first < order.Length;)
        {
            var next = first + 1;
            while (next < order.Length && values[order[next]] == values[order[first]]) next++;
            for (var i = first; i < next; i++) ranks[order[i]] = (first + 1 + next) / 2.0;
            first = next;
        }

        return ranks;
    }

    /// <summary>Pearson's correlation; NaN where one side is constant.</summary>
    public static double Pearson(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        CheckLengths(a.Count, b.Count);
        var (meanA, meanB) = (a.Average(), b.Average());
        var (covariance, varianceA, varianceB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Count; i++)
        {
            var (x, y) = (a[i] - meanA, b[i] - meanB);
            covariance += x * y;
            varianceA += x * x;
            varianceB += y * y;
        }

        return covariance / Math.Sqrt(varianceA * varianceB);
    }

    private static void CheckLengths(int a, int b)
    {
        if (a != b || a == 0) throw new ArgumentException($"Two lists of the same length are compared, not {a} and {b} values.");
    }
}
