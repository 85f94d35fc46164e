namespace RtMatching.Core.Evaluation;

/// <summary>
/// The scores of several systems on the same bootstrap resamples of a task's units (Efron and Tibshirani, 1993): whatever is asked
/// about two of them is answered from the same draws, so that what is hard about a resample is hard for both.
/// </summary>
public sealed class ResampledScores
{
    public const int Resamples = 2000;

    /// <summary>A resample on which the metric is undefined (one label only) is drawn again so often before it is left out.</summary>
    private const int Redraws = 20;

    private readonly double[] _scores;         // (systems)
    private readonly double[][] _resampled;    // (resamples kept, systems)

    private ResampledScores(double[] scores, double[][] resampled) => (_scores, _resampled) = (scores, resampled);

    /// <param name="systems">Judgements of one task; their <see cref="Judgement.Score(ReadOnlySpan{int})"/> is called from several threads.</param>
    /// <param name="units">Only these units are counted; null for all.</param>
    /// <param name="seed">The same seed draws the same resamples, on any number of threads.</param>
    /// <exception cref="ArgumentException">There is no system or no unit, or the systems judge different numbers of units.</exception>
    public static ResampledScores Draw(
        IReadOnlyList<Judgement> systems, IReadOnlyList<int>? units = null, int seed = 1, int resamples = Resamples, CancellationToken cancellation = default)
    {
        if (systems.Count == 0) throw new ArgumentException("There is nothing to compare.");
        var all = systems[0].Units;
        if (systems.FirstOrDefault(system => system.Units != all) is { } other)
            throw new ArgumentException($"All systems must judge the same units: {all} and {other.Units} of them.");
        var drawn = units ?? [.. Enumerable.Range(0, all)];
        if (drawn.Count == 0) throw new ArgumentException("There is no unit to resample.");

        var scores = Score(systems, Once(drawn, all), required: null)!;
        var kept = new double[]?[resamples];
        Parallel.For(0, resamples, new ParallelOptions { CancellationToken = cancellation }, () => new int[all], (resample, _, counts) =>
        {
            kept[resample] = DrawOne(systems, drawn, counts, scores, new UnitDraw(seed, resample));
            return counts;
        }, _ => { });
        return new ResampledScores(scores, [.. kept.OfType<double[]>()]);
    }

    /// <summary>On the units themselves; NaN where the metric is undefined on them.</summary>
    public double Score(int system) => _scores[system];

    /// <summary>The score with the interval in which it would lie on other units of the same kind.</summary>
    public BootstrapInterval Of(int system) => Interval(_scores[system], [.. _resampled.Select(scores => scores[system])]);

    /// <summary>How much better <paramref name="to"/> is than <paramref name="from"/>.</summary>
    public BootstrapInterval Difference(int from, int to) => Interval(_scores[to] - _scores[from], Differences(from, to));

    /// <summary>
    /// Intervals that hold all at once with 95%: each reaches as many standard errors as the largest |t| over all comparisons
    /// does in 95% of the resamples. Who looks at twelve passes finds an effect where there is none no oftener than who looks at one.
    /// </summary>
    public IReadOnlyList<BootstrapInterval> Simultaneous(IReadOnlyList<(int From, int To)> comparisons)
    {
        var resampled = comparisons.Select(pair => Differences(pair.From, pair.To)).ToArray();    // (comparisons, resamples)
        var single = comparisons.Select((pair, i) => Interval(_scores[pair.To] - _scores[pair.From], resampled[i])).ToArray();
        var critical = CriticalValue(single, resampled);
        return [.. single.Select(d => d with { Low = d.Mean - critical * d.StandardError, High = d.Mean + critical * d.StandardError })];
    }

    private static double CriticalValue(BootstrapInterval[] single, double[][] resampled)
    {
        var largest = new double[resampled.Length == 0 ? 0 : resampled[0].Length];
        for (var i = 0; i < single.Length; i++)
        {
            var (mean, error) = (single[i].Mean, single[i].StandardError);
            if (!(error > 0)) continue;           // equal systems have no error, and take part in nothing
            for (var b = 0; b < largest.Length; b++) largest[b] = Math.Max(largest[b], Math.Abs(resampled[i][b] - mean) / error);
        }

        Array.Sort(largest);
        return largest.Length == 0 ? double.NaN : Quantiles.Of(largest, 0.95);
    }

    private double[] Differences(int from, int to) => [.. _resampled.Select(scores => scores[to] - scores[from])];

    private static BootstrapInterval Interval(double value, double[] resampled)
    {
        if (resampled.Length == 0 || double.IsNaN(value)) return new BootstrapInterval(value, double.NaN, double.NaN, double.NaN);
        Array.Sort(resampled = [.. resampled]);
        var mean = resampled.Average();
        var error = Math.Sqrt(resampled.Average(r => (r - mean) * (r - mean)));
        return new BootstrapInterval(value, Quantiles.Of(resampled, 0.025), Quantiles.Of(resampled, 0.975), error);
    }

    private static double[]? DrawOne(IReadOnlyList<Judgement> systems, IReadOnlyList<int> units, int[] counts, double[] required, UnitDraw draw)
    {
        for (var attempt = 0; attempt <= Redraws; attempt++)
        {
            Array.Clear(counts);
            for (var i = 0; i < units.Count; i++) counts[units[draw.Next(units.Count)]]++;
            if (Score(systems, counts, required) is { } scores) return scores;
        }

        return null;
    }

    /// <summary>Null where a score is undefined that is not so in <paramref name="required"/> as well. (systems)</summary>
    private static double[]? Score(IReadOnlyList<Judgement> systems, ReadOnlySpan<int> counts, double[]? required)
    {
        var scores = new double[systems.Count];
        for (var system = 0; system < scores.Length; system++)
        {
            scores[system] = systems[system].Score(counts);
            if (required is not null && double.IsNaN(scores[system]) && !double.IsNaN(required[system])) return null;
        }

        return scores;
    }

    private static int[] Once(IReadOnlyList<int> units, int all)
    {
        var counts = new int[all];
        foreach (var unit in units) counts[unit]++;
        return counts;
    }
}
