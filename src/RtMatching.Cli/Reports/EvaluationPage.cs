using System.Globalization;
using RtMatching.Core.Evaluation;

namespace RtMatching.Cli.Reports;

/// <summary>An evaluation as one self-contained HTML file: the curve of score over k, what it is worth, and every figure.</summary>
internal static class EvaluationPage
{
    public static void Write(TextWriter page, EvaluationReport report)
    {
        ReportPage.Begin(page, "Evaluation", $"{report.Task} on {report.DataSet}", Style);
        WriteBody(page, report);
        ReportPage.End(page);
    }

    /// <summary>All but the frame, for pages that say more.</summary>
    public static void WriteBody(TextWriter page, EvaluationReport report)
    {
        ReportPage.Note(page, Facts(report));
        WriteCharts(page, report);
        page.WriteLine("<h2>Score over passes</h2>");
        ReportPage.Note(page, $"{MetricName(report)}. Bold: differs from k = 1 beyond what luck explains, looking at all k at once.");
        WriteScores(page, report);
        WriteNotes(page, report);
        page.WriteLine("<h2>Every figure</h2>");
        foreach (var curve in report.Curves) WriteCurve(page, report, curve);
    }

    private static string Facts(EvaluationReport report) =>
        $"{report.Units.ToString("N0", CultureInfo.InvariantCulture)} {report.UnitName} · model {report.Model} ({Short(report.WeightsHash)}) · " +
        report.Made.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static void WriteCharts(TextWriter page, EvaluationReport report)
    {
        if (report.Curves.All(curve => curve.Points.Count < 2)) return;
        page.WriteLine("<div class=\"pair\">");
        // What takes passes comes first in both charts, so that a configuration has one colour on the page.
        var curves = report.Curves.OrderBy(curve => curve.Points.Count < 2).ToList();
        new LineChart($"{MetricName(report)} over the number of passes", "k", MetricName(report),
            [.. curves.Select(curve => Series(curve, point => Scaled(point.Score, point.Metrics[0].Value, report))), .. Published(report)]).Write(page);
        new LineChart("Difference to k = 1, with the band that holds for all k at once", "k", "difference",
            [.. curves.Where(curve => curve.Points.Count > 1).Select(curve => Series(curve, point => Scaled(point.AgainstFirstAtOnce, 0, report)))], 0)
            .Write(page);
        page.WriteLine("</div>");
    }

    private static IEnumerable<ChartSeries> Published(EvaluationReport report) => report.Published is not { } published
        ? []
        : [new ChartSeries(published.Caption, [.. published.Values.Select((value, i) => new ChartPoint(i + 1, value))], Dashed: true)];

    private static ChartSeries Series(Curve curve, Func<CurvePoint, (double Value, double? Low, double? High)> read) =>
        new(curve.Configuration, [.. curve.Points.Select(point => (point.K, At: read(point))).Select(p => new ChartPoint(p.K, p.At.Value, p.At.Low, p.At.High))]);

    private static (double, double?, double?) Scaled(BootstrapInterval? interval, double value, EvaluationReport report) =>
        interval is null
            ? (value * report.Scale, null, null)
            : (interval.Mean * report.Scale, interval.Low * report.Scale, interval.High * report.Scale);

    /// <summary>The papers' kind of table: a row for each configuration, a column for each k.</summary>
    private static void WriteScores(TextWriter page, EvaluationReport report)
    {
        var most = report.Curves.Max(curve => curve.Points.Count);
        page.WriteLine("<div class=\"wide\"><table class=\"figures\"><thead><tr><th>configuration</th>" +
            string.Concat(Enumerable.Range(1, most).Select(k => $"<th>k = {k}</th>")) + "<th>tokens/s</th></tr></thead><tbody>");
        foreach (var curve in report.Curves)
        {
            var cells = curve.Points.Select(point => Cell(point, report)).Concat(Enumerable.Repeat("<td></td>", most - curve.Points.Count));
            page.WriteLine($"<tr><td>{ReportPage.Text(curve.Configuration)}</td>{string.Concat(cells)}<td>{Speed(curve)}</td></tr>");
        }

        page.WriteLine("</tbody></table></div>");
        if (report.Published is { } published)
            ReportPage.Note(page, $"{published.Caption}: {string.Join(" ", published.Values.Select(value => value.ToString("0.00", CultureInfo.InvariantCulture)))}");
    }

    private static string Cell(CurvePoint point, EvaluationReport report)
    {
        var value = Number(point.Metrics[0].Value, report);
        return point.AgainstFirstAtOnce is { IsClear: true } ? $"<td><strong>{value}</strong></td>" : $"<td>{value}</td>";
    }

    private static void WriteNotes(TextWriter page, EvaluationReport report)
    {
        if (report.Notes.Count == 0) return;
        page.WriteLine("<h2>To keep in mind</h2>\n<ul>");
        foreach (var note in report.Notes) page.WriteLine($"<li>{ReportPage.Text(note)}</li>");
        page.WriteLine("</ul>");
    }

    private static void WriteCurve(TextWriter page, EvaluationReport report, Curve curve)
    {
        page.WriteLine($"<h3>{ReportPage.Text(curve.Configuration)}</h3>");
        ReportPage.Note(page, $"{curve.Tokens.ToString("N0", CultureInfo.InvariantCulture)} tokens" +
            (curve.TokensPerSecond is null ? ", from the cache" : $", {Speed(curve)} a second with every pass run") +
            (curve.Truncated > 0 ? $", {curve.Truncated} texts cut" : ""));
        var names = curve.Points[0].Metrics.Select(metric => metric.Metric).ToArray();
        ReportPage.Table(page, ["k", .. names, "95% interval", "against k = 1", "95% interval", "for all k at once"],
            curve.Points.Select(point => Row(point, names, report)));
    }

    private static string[] Row(CurvePoint point, string[] names, EvaluationReport report) =>
    [
        point.K.ToString(CultureInfo.InvariantCulture),
        .. names.Select(name => point.Metrics.FirstOrDefault(metric => metric.Metric == name)).Select(metric => metric.Metric is null ? "" : Number(metric.Value, report)),
        Range(point.Score, report), Signed(point.AgainstFirst, report), Range(point.AgainstFirst, report), Range(point.AgainstFirstAtOnce, report),
    ];

    private static string MetricName(EvaluationReport report) =>
        report.Scale == 1 ? report.Metric : $"{report.Metric} × {report.Scale.ToString("0.##", CultureInfo.InvariantCulture)}";

    private static string Range(BootstrapInterval? interval, EvaluationReport report) =>
        interval is null || !double.IsFinite(interval.Low) ? "" : $"{Number(interval.Low, report)} to {Number(interval.High, report)}";

    private static string Signed(BootstrapInterval? interval, EvaluationReport report) =>
        interval is null ? "" : (interval.Mean > 0 ? "+" : "") + Number(interval.Mean, report);

    private static string Number(double value, EvaluationReport report) =>
        double.IsFinite(value) ? (value * report.Scale).ToString(report.Scale >= 10 ? "0.00" : "0.0000", CultureInfo.InvariantCulture) : "undefined";

    private static string Speed(Curve curve) => curve.TokensPerSecond?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;

    public const string Style = """
        h3 { margin: 1.4rem 0 .2rem; font-size: 1rem; overflow-wrap: anywhere; } .figures td:first-child { white-space: nowrap; }
        .pair { display: grid; gap: 0 1rem; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); }
        .pair .chart > svg { font-size: 16px; }
        """;
}
