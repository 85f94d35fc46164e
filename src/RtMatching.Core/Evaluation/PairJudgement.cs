using System.Numerics.Tensors;

namespace RtMatching.Core.Evaluation;

/// <summary>A metric of fixed units of which unit i is counted counts[i] times.</summary>
internal delegate double ResampledMetric(ReadOnlySpan<int> counts);

/// <summary>The cosines of labelled pairs, judged by one metric that can be resampled and others beside it.</summary>
internal sealed class PairJudgement(int pairs, ResampledMetric main, Func<IReadOnlyList<(string Metric, double Value)>> metrics) : Judgement
{
    private readonly Lazy<IReadOnlyList<(string, double)>> _metrics = new(metrics);

    public override int Units => pairs;

    public override double Score(ReadOnlySpan<int> counts) => main(counts);

    public override IReadOnlyList<(string Metric, double Value)> Metrics => _metrics.Value;

    /// <summary>Of each pair's L2-normalised vectors. (pairs)</summary>
    public static double[] Cosines(IReadOnlyList<TextPair> pairs, IReadOnlyList<float[]> vectors) =>
        [.. pairs.Select(pair => (double)TensorPrimitives.Dot<float>(vectors[pair.First], vectors[pair.Second]))];

    /// <summary>Of cosines and grades, the metric that MTEB ranks by first.</summary>
    public static IReadOnlyList<(string Metric, double Value)> Correlations(double[] cosines, double[] scores) =>
        [("spearman", Agreement.Spearman(cosines, scores)), ("pearson", Agreement.Pearson(cosines, scores))];

    /// <summary>Of cosines and yes or no.</summary>
    public static IReadOnlyList<(string Metric, double Value)> Classification(double[] cosines, IReadOnlyList<bool> labels)
    {
        var classified = PairClassification.Of(cosines, labels);
        return [("average precision", classified.AveragePrecision), ("accuracy", classified.Accuracy), ("f1", classified.F1)];
    }
}
