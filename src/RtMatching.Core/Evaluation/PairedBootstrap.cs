namespace RtMatching.Core.Evaluation;

/// <param name="Mean">The difference b - a on the units themselves.</param>
/// <param name="Low">2.5% quantile of the resampled differences.</param>
/// <param name="High">97.5% quantile.</param>
/// <param name="StandardError">Standard deviation of the resampled differences.</param>
public sealed record BootstrapInterval(double Mean, double Low, double High, double StandardError)
{
    /// <summary>The interval leaves out zero.</summary>
    public bool IsClear => Low > 0 || High < 0;
}

/// <summary>Whether one system is better than another on the same units, or only luckier (paired bootstrap, percentile interval).</summary>
public static class PairedBootstrap
{
    /// <param name="a">The metric of each query under the first system.</param>
    /// <param name="b">Of the same queries under the second.</param>
    public static BootstrapInterval Compare(IReadOnlyList<double> a, IReadOnlyList<double> b, int seed = 1)
    {
        if (a.Count != b.Count || a.Count == 0)
            throw new ArgumentException($"Both systems need the same queries: {a.Count} and {b.Count} values.");
        return Compare(new MeanJudgement(a), new MeanJudgement(b), seed);
    }

    /// <summary>For metrics that are no means, such as rank correlations.</summary>
    public static BootstrapInterval Compare(Judgement a, Judgement b, int seed = 1) => ResampledScores.Draw([a, b], seed: seed).Difference(0, 1);

    /// <summary>
    /// The curve over k of judgements after pass 1, 2, ..: every point's metrics, the score's own interval, and its difference to
    /// k = 1, alone and all at once.
    /// </summary>
    /// <param name="passes">Pass 1 first.</param>
    public static IReadOnlyList<CurvePoint> Points(IReadOnlyList<Judgement> passes, int seed = 1, CancellationToken cancellation = default) =>
        Points(passes, ResampledScores.Draw(passes, seed: seed, cancellation: cancellation), 0);

    /// <param name="resampled">Holds the passes from system <paramref name="first"/> on.</param>
    internal static IReadOnlyList<CurvePoint> Points(IReadOnlyList<Judgement> passes, ResampledScores resampled, int first)
    {
        var band = resampled.Simultaneous([.. Enumerable.Range(first + 1, passes.Count - 1).Select(to => (first, to))]);
        return
        [
            .. passes.Select((judgement, i) => new CurvePoint(i + 1, judgement.Metrics, i == 0 ? null : resampled.Difference(first, first + i))
            {
                Score = resampled.Of(first + i),
                AgainstFirstAtOnce = i == 0 ? null : band[i - 1],
            }),
        ];
    }
}
