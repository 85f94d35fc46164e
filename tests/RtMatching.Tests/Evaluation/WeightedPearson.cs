using RtMatching.Core.Evaluation;

namespace RtMatching.Tests.Evaluation;

/// <summary>Pearson's correlation of scores with labels, in one pass over the counts: the smallest judgement that is no mean.</summary>
internal sealed class WeightedPearson(double[] scores, double[] labels) : Judgement
{
    public override int Units => scores.Length;

    public override double Score(ReadOnlySpan<int> counts)
    {
        var (n, x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < counts.Length; i++)
        {
            var (count, a, b) = (counts[i], scores[i], labels[i]);
            n += count;
            x += count * a;
            y += count * b;
            xx += count * a * a;
            yy += count * b * b;
            xy += count * a * b;
        }

        return (n * xy - x * y) / Math.Sqrt((n * xx - x * x) * (n * yy - y * y));
    }

    public override IReadOnlyList<(string Metric, double Value)> Metrics => [("pearson", Score())];
}
