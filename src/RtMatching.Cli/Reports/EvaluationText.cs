using System.Globalization;
using RtMatching.Cli.Output;
using RtMatching.Core.Evaluation;

namespace RtMatching.Cli.Reports;

/// <summary>An evaluation in the terminal: the papers' kind of table, rows poolings and columns k, then every point with its interval.</summary>
internal static class EvaluationText
{
    public static void Write(EvaluationReport report)
    {
        Terminal.Say($"{report.DataSet}: {report.Units:N0} {report.UnitName}, {report.Metric}{Scaled(report)}, model {report.Model}");
        WriteCurves(report);
        Console.Out.WriteLine();
        WritePoints(report);
        foreach (var note in report.Notes) Terminal.Say($"note: {note}");
    }

    private static string Scaled(EvaluationReport report) => report.Scale == 1 ? "" : $" x {report.Scale}";

    private static void WriteCurves(EvaluationReport report)
    {
        var most = Math.Max(report.Curves.Max(curve => curve.Points.Count), report.Published?.Values.Count ?? 0);
        string[] header = ["pooling", .. Enumerable.Range(1, most).Select(k => $"k={k}"), "best k", "best against k=1", "tokens/s"];
        Terminal.WriteTable(header, [.. report.Curves.Select(curve => CurveRow(report, curve, most)), .. PublishedRows(report, most)]);
    }

    private static string[] CurveRow(EvaluationReport report, Curve curve, int most)
    {
        var best = curve.Points.MaxBy(point => point.Metrics[0].Value)!;
        return
        [
            curve.Configuration,
            .. Enumerable.Range(0, most).Select(k => k < curve.Points.Count ? Value(report, curve.Points[k].Metrics[0].Value) : ""),
            curve.Points.Count > 1 ? Text(best.K) : "", Interval(report, best.AgainstFirst), Speed(curve),
        ];
    }

    /// <summary>Others' figures below ours, marked as theirs in the row itself: rows are copied without their surroundings.</summary>
    private static IEnumerable<string[]> PublishedRows(EvaluationReport report, int most)
    {
        if (report.Published is not { } published) yield break;
        var values = published.Values.Select(value => value.ToString("F2", CultureInfo.InvariantCulture));
        yield return [$"({published.Caption})", .. values, .. Enumerable.Repeat("", most - published.Values.Count), "", "", ""];
    }

    private static string Speed(Curve curve) =>
        curve.TokensPerSecond is { } speed ? speed.ToString("F0", CultureInfo.InvariantCulture) : "cached";

    private static void WritePoints(EvaluationReport report)
    {
        var names = report.Curves.SelectMany(curve => curve.Points[0].Metrics).Select(metric => metric.Metric).Distinct().ToArray();
        string[] header = ["pooling", "k", .. names, $"{report.Metric} 95%", "against k=1", "for all k at once"];
        Terminal.WriteTable(header, report.Curves.SelectMany(curve => curve.Points.Select(point => PointRow(report, curve, point, names))));
    }

    private static string[] PointRow(EvaluationReport report, Curve curve, CurvePoint point, string[] names) =>
    [
        curve.Configuration, Text(point.K), .. names.Select(name => point.Metrics.Where(metric => metric.Metric == name).Select(metric => Value(report, metric.Value)).FirstOrDefault("")),
        Bounds(report, point.Score),
        Interval(report, point.AgainstFirst), Bounds(report, point.AgainstFirstAtOnce),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Empty where it is undefined.</summary>
    private static string Value(EvaluationReport report, double value) => double.IsNaN(value)
        ? ""
        : (value * report.Scale).ToString(report.Scale == 1 ? "F4" : "F2", CultureInfo.InvariantCulture);

    private static string Interval(EvaluationReport report, BootstrapInterval? interval) => interval is null
        ? ""
        : $"{(interval.Mean * report.Scale).ToString(Signed(report), CultureInfo.InvariantCulture)} {Bounds(report, interval)}";

    private static string Signed(EvaluationReport report) => report.Scale == 1 ? "+0.0000;-0.0000" : "+0.00;-0.00";

    private static string Bounds(EvaluationReport report, BootstrapInterval? interval) =>
        interval is null ? "" : $"[{Value(report, interval.Low)}, {Value(report, interval.High)}]";
}
