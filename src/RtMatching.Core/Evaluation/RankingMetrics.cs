namespace RtMatching.Core.Evaluation;

/// <summary>How good one ranking is, given which of its places are relevant. Means over queries are the caller's.</summary>
public static class RankingMetrics
{
    /// <summary>The share of the first <paramref name="k"/> places that is relevant; places the ranking lacks count as not relevant.</summary>
    /// <param name="relevant">For each place, the best first.</param>
    public static double PrecisionAt(IReadOnlyList<bool> relevant, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        return (double)relevant.Take(k).Count(yes => yes) / k;
    }

    /// <summary>The share of all <paramref name="total"/> relevant documents that stands in the first <paramref name="k"/> places; 0 where there is none.</summary>
    public static double RecallAt(IReadOnlyList<bool> relevant, int k, int total) =>
        total == 0 ? 0 : (double)relevant.Take(k).Count(yes => yes) / total;

    /// <summary>
    /// Normalised discounted cumulative gain with gains as given (linear) and discounts log2(place + 1); 0 where every gain is.
    /// </summary>
    /// <param name="gains">For each place, the best first.</param>
    /// <param name="k">Places looked at.</param>
    /// <param name="all">The gains of all documents, for the ideal order; those of the ranking where it holds every document.</param>
    public static double NdcgAt(IReadOnlyList<double> gains, int k, IReadOnlyList<double>? all = null)
    {
        var ideal = Dcg([.. (all ?? gains).OrderDescending()], k);
        return ideal == 0 ? 0 : Dcg(gains, k) / ideal;
    }

    /// <summary>The mean of the precisions at the relevant places, over all <paramref name="total"/> relevant documents; 0 where there is none.</summary>
    public static double AveragePrecision(IReadOnlyList<bool> relevant, int total)
    {
        var (found, sum) = (0, 0.0);
        for (var i = 0; i < relevant.Count; i++)
            if (relevant[i]) sum += (double)++found / (i + 1);
        return total == 0 ? 0 : sum / total;
    }

    /// <summary>1 / the first relevant place; 0 where there is none.</summary>
    public static double ReciprocalRank(IReadOnlyList<bool> relevant)
    {
        for (var i = 0; i < relevant.Count; i++)
            if (relevant[i]) return 1.0 / (i + 1);
        return 0;
    }

    private static double Dcg(IReadOnlyList<double> gains, int k)
    {
        var sum = 0.0;
        for (var i = 0; i < Math.Min(k, gains.Count); i++) sum += gains[i] / Math.Log2(i + 2);
        return sum;
    }
}
