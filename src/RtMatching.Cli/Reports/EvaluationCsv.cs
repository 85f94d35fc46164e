using System.Globalization;
using CsvHelper;
using RtMatching.Core.Evaluation;

namespace RtMatching.Cli.Reports;

/// <summary>
/// An evaluation for spreadsheets and plots: one row for each configuration, k and metric, not scaled, empty where there is no value.
/// Intervals stand beside the main metric alone, which they are of.
/// </summary>
internal static class EvaluationCsv
{
    private static readonly string[] Header =
    [
        "task", "data_set", "model", "units", "configuration", "k", "metric", "value", "low", "high", "standard_error",
        "against_first", "against_first_low", "against_first_high", "against_first_standard_error", "at_once_low", "at_once_high",
    ];

    public static void Write(TextWriter text, EvaluationReport report)
    {
        using var csv = CsvWriter.Create(text, CsvWriterOptions.Default, leaveOpen: true);
        Write(csv, Header);
        foreach (var curve in report.Curves)
            foreach (var point in curve.Points)
                foreach (var (metric, value) in point.Metrics)
                    Write(csv, [.. Common(report, curve, point), metric, Number(value), .. Intervals(metric == report.Metric ? point : null)]);
    }

    private static string[] Common(EvaluationReport report, Curve curve, CurvePoint point) =>
        [report.Task, report.DataSet, report.Model, Number(report.Units), curve.Configuration, Number(point.K)];

    private static string[] Intervals(CurvePoint? point) =>
    [
        Number(point?.Score?.Low), Number(point?.Score?.High), Number(point?.Score?.StandardError),
        Number(point?.AgainstFirst?.Mean), Number(point?.AgainstFirst?.Low), Number(point?.AgainstFirst?.High), Number(point?.AgainstFirst?.StandardError),
        Number(point?.AgainstFirstAtOnce?.Low), Number(point?.AgainstFirstAtOnce?.High),
    ];

    private static string Number(double? value) => value is { } given && double.IsFinite(given) ? given.ToString("R", CultureInfo.InvariantCulture) : "";

    private static void Write(CsvWriter csv, string[] row)
    {
        foreach (var cell in row) csv.WriteField(cell);
        csv.EndRecord();
    }
}
