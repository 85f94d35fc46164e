namespace RtMatching.Core.Evaluation;

/// <summary>Spearman's rank correlation of two fixed lists under any resample, in O(n): ties share the mean of their ranks.</summary>
internal sealed class WeightedSpearman(IReadOnlyList<double> a, IReadOnlyList<double> b)
{
    private readonly WeightedRanks _a = new(a);
    private readonly WeightedRanks _b = new(b);

    /// <summary>NaN where one side is constant in the resample.</summary>
    public double Score(ReadOnlySpan<int> counts)
    {
        var (ranksA, ranksB) = (_a.Ranks(counts), _b.Ranks(counts));
        var total = 0L;
        foreach (var count in counts) total += count;
        var mean = (total + 1) / 2.0;   // of ranks 1..total, however they are shared
        var (covariance, varianceA, varianceB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < counts.Length; i++)
        {
            var (x, y) = (ranksA[_a.GroupOf(i)] - mean, ranksB[_b.GroupOf(i)] - mean);
            covariance += counts[i] * x * y;
            varianceA += counts[i] * x * x;
            varianceB += counts[i] * y * y;
        }

        return covariance / Math.Sqrt(varianceA * varianceB);
    }
}

/// <summary>The area under the ROC curve of fixed scores and labels under any resample, in O(n): ties count half.</summary>
internal sealed class WeightedAuc(IReadOnlyList<double> scores, IReadOnlyList<bool> labels)
{
    private readonly WeightedRanks _scores = new(scores);

    /// <summary>NaN where the resample holds one label only.</summary>
    public double Score(ReadOnlySpan<int> counts)
    {
        var ranks = _scores.Ranks(counts);
        var (positives, negatives, sum) = (0L, 0L, 0.0);
        for (var i = 0; i < counts.Length; i++)
        {
            if (!labels[i])
            {
                negatives += counts[i];
                continue;
            }

            positives += counts[i];
            sum += counts[i] * ranks[_scores.GroupOf(i)];
        }

        return positives == 0 || negatives == 0
            ? double.NaN
            : (sum - positives * (positives + 1.0) / 2) / ((double)positives * negatives);
    }
}
