namespace RtMatching.Core.Evaluation;

/// <summary>A metric that is the mean of one value for each unit.</summary>
/// <param name="values">(units)</param>
/// <param name="metric">Its name.</param>
public sealed class MeanJudgement(IReadOnlyList<double> values, string metric = "mean") : Judgement
{
    public override int Units => values.Count;

    public override double Score(ReadOnlySpan<int> counts)
    {
        var (sum, total) = (0.0, 0);
        for (var unit = 0; unit < counts.Length; unit++)
        {
            if (counts[unit] == 0) continue;          // whatever an uncounted unit's value is, NaN included
            sum += counts[unit] * values[unit];
            total += counts[unit];
        }

        return sum / total;
    }

    public override IReadOnlyList<(string Metric, double Value)> Metrics => [(metric, Score())];
}
