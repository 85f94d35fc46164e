namespace RtMatching.Core.Evaluation;

/// <param name="Mean">Of the differences b - a over the queries.</param>
/// <param name="Low">2.5% quantile of the resampled means.</param>
/// <param name="High">97.5% quantile.</param>
/// <param name="StandardError">Standard deviation of the resampled means.</param>
public sealed record BootstrapInterval(double Mean, double Low, double High, double StandardError)
{
    /// <summary>The interval leaves out zero.</summary>
    public bool IsClear => Low > 0 || High < 0;
}

/// <summary>Whether one system is better than another on the same queries, or only luckier (paired bootstrap, percentile interval).</summary>
public static class PairedBootstrap
{
    private const int Resamples = 2000;

    /// <param name="a">The metric of each query under the first system.</param>
    /// <param name="b">Of the same queries under the second.</param>
    public static BootstrapInterval Compare(IReadOnlyList<double> a, IReadOnlyList<double> b, int seed = 1)
    {
        if (a.Count != b.Count || a.Count == 0)
            throw new ArgumentException($"Both systems need the same queries: {a.Count} and {b.Count} values.");
        var differences = a.Zip(b, (x, y) => y - x).ToArray();
        var random = new Random(seed);
        var means = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < differences.Length; j++) sum += differences[random.Next(differences.Length)];
            means[i] = sum / differences.Length;
        }

        Array.Sort(means);
        var mean = means.Average();
        var error = Math.Sqrt(means.Average(value => (value - mean) * (value - mean)));
        return new BootstrapInterval(differences.Average(), Quantile(means, 0.025), Quantile(means, 0.975), error);
    }

    /// <summary>Interpolated between neighbours.</summary>
    private static double Quantile(double[] sorted, double share)
    {
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
}
