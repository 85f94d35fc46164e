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
        Points([passes], ResampledScores.Draw(passes, seed: seed, cancellation: cancellation))[0];

    /// <summary>Several curves on the same resamples; the band holds for all k of all of them at once.</summary>
    /// <param name="curves">(curves, passes)</param>
    /// <param name="resampled">Of the curves' judgements, one curve after the other.</param>
    internal static IReadOnlyList<IReadOnlyList<CurvePoint>> Points(IReadOnlyList<IReadOnlyList<Judgement>> curves, ResampledScores resampled)
    {
        var systems = new List<(int First, int System)>();
        foreach (var passes in curves)
        {
            var first = systems.Count;
            systems.AddRange(passes.Select((_, i) => (first, first + i)));
        }

        var compared = systems.Where(pair => pair.System > pair.First).ToArray();
        var band = resampled.Simultaneous(compared).Zip(compared).ToDictionary(pair => pair.Second.System, pair => pair.First);
        var points = curves.SelectMany(passes => passes).Zip(systems, (judgement, at) => new CurvePoint(
            at.System - at.First + 1, judgement.Metrics, band.ContainsKey(at.System) ? resampled.Difference(at.First, at.System) : null)
        {
            Score = resampled.Of(at.System),
            AgainstFirstAtOnce = band.GetValueOrDefault(at.System),
        }).ToArray();
        return [.. systems.Where(at => at.System == at.First).Zip(curves, (at, passes) => points[at.First..(at.First + passes.Count)])];
    }
}
