using RtMatching.Core.Evaluation;

namespace RtMatching.Cli.Reports;

/// <summary>An evaluation for programs: everything the report holds, nothing scaled, null where a value is undefined.</summary>
internal sealed record EvaluationJson(
    string Task, string DataSet, int Units, string UnitName, string Metric, double Scale, string Model, string WeightsHash, DateTimeOffset Made,
    IReadOnlyList<EvaluationJson.CurveJson> Curves, IReadOnlyList<string> Notes, EvaluationJson.PublishedJson? Published)
{
    /// <summary>Others' figures, not measured here.</summary>
    /// <param name="Values">Spearman x 100 for k = 1, 2, ..</param>
    public sealed record PublishedJson(string Task, string Model, IReadOnlyList<double> Values);

    public sealed record CurveJson(string Configuration, long Tokens, double? TokensPerSecond, int Truncated, IReadOnlyList<PointJson> Points);

    /// <param name="Metrics">By name.</param>
    /// <param name="Score">Of the main metric; null where it was not resampled.</param>
    public sealed record PointJson(
        int K, IReadOnlyDictionary<string, double?> Metrics, IntervalJson? Score, IntervalJson? AgainstFirst, IntervalJson? AgainstFirstAtOnce);

    /// <param name="Low">2.5%.</param>
    /// <param name="High">97.5%.</param>
    /// <param name="IsClear">Leaves out zero.</param>
    public sealed record IntervalJson(double? Mean, double? Low, double? High, double? StandardError, bool IsClear)
    {
        public static IntervalJson? Of(BootstrapInterval? interval) => interval is null
            ? null
            : new IntervalJson(Finite(interval.Mean), Finite(interval.Low), Finite(interval.High), Finite(interval.StandardError), interval.IsClear);
    }

    public static EvaluationJson Of(EvaluationReport report) => new(
        report.Task, report.DataSet, report.Units, report.UnitName, report.Metric, report.Scale, report.Model, report.WeightsHash, report.Made,
        [.. report.Curves.Select(Of)], report.Notes,
        report.Published is { } published ? new PublishedJson(published.Task, published.Model, published.Values) : null);

    private static CurveJson Of(Curve curve) =>
        new(curve.Configuration, curve.Tokens, curve.TokensPerSecond, curve.Truncated, [.. curve.Points.Select(Of)]);

    private static PointJson Of(CurvePoint point) => new(
        point.K, point.Metrics.ToDictionary(metric => metric.Metric, metric => Finite(metric.Value)),
        IntervalJson.Of(point.Score), IntervalJson.Of(point.AgainstFirst), IntervalJson.Of(point.AgainstFirstAtOnce));

    /// <summary>JSON knows neither NaN nor infinity.</summary>
    public static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
