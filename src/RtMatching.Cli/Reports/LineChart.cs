using System.Globalization;
using System.Text;

namespace RtMatching.Cli.Reports;

/// <param name="Y">NaN leaves a gap.</param>
/// <param name="Low">The lower end of the band around <paramref name="Y"/>; null without one.</param>
internal readonly record struct ChartPoint(double X, double Y, double? Low = null, double? High = null);

/// <summary>One line of a chart.</summary>
/// <param name="Points">By rising x.</param>
/// <param name="Dashed">For what was not measured here, such as a published curve.</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points, bool Dashed = false);

/// <summary>
/// Lines over k as inline SVG, with axes, error bands and a legend. Colours come from <see cref="Style"/>, light and dark; every name is escaped.
/// </summary>
/// <param name="title">What the chart shows, also for those who hear the page.</param>
/// <param name="yFrom">The y axis shows this value too, for example 0.</param>
/// <param name="yTo">The y axis shows this value too.</param>
internal sealed class LineChart(
    string title, string xLabel, string yLabel, IReadOnlyList<ChartSeries> series, double? yFrom = null, double? yTo = null)
{
    private const double Width = 640;
    private const double Height = 320;
    private const double Left = 76;
    private const double Right = 16;
    private const double Top = 14;
    private const double Bottom = 46;
    private const int Colours = 6;

    /// <summary>A band more transparent than that is lost, a denser one hides the lines; six colours repeat with another dash.</summary>
    public const string Style = """
        .chart { margin: 1rem 0; padding: 1rem 1.1rem .8rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; break-inside: avoid; }
        .chart figcaption { font-weight: 600; margin-bottom: .4rem; overflow-wrap: anywhere; }
        .chart svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; color: var(--soft); }
        .chart text { fill: currentColor; } .chart .grid { stroke: var(--line); stroke-width: 1; } .chart .axis { stroke: currentColor; stroke-width: 1; }
        .chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; } .chart .dashed { stroke-dasharray: 6 5; } .chart .band { opacity: .16; stroke: none; }
        .chart .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .4rem 0 0; padding: 0; list-style: none; font-size: .85rem; overflow-wrap: anywhere; }
        .chart .legend svg { display: inline-block; width: 26px; height: 10px; margin-right: .4rem; }
        .chart { --s0: #2b62c9; --s1: #c2571a; --s2: #1d8a5f; --s3: #8b3fae; --s4: #b4243b; --s5: #5f6b7a; }
        @media (prefers-color-scheme: dark) { .chart { --s0: #7ea6f4; --s1: #f0995c; --s2: #55c797; --s3: #c88fe6; --s4: #f07a8c; --s5: #a5b0bf; } }

        """;

    private readonly (double From, double To) _x = Range(series.SelectMany(line => line.Points).Select(point => point.X));
    private readonly IReadOnlyList<double> _yTicks = Ticks(Range([.. series.SelectMany(line => line.Points).SelectMany(Heights), .. Given(yFrom), .. Given(yTo)]), 6);

    public void Write(TextWriter page)
    {
        page.WriteLine($"<figure class=\"chart\"><figcaption>{ReportPage.Text(title)}</figcaption>");
        page.WriteLine($"<svg viewBox=\"0 0 {Number(Width)} {Number(Height)}\" role=\"img\" aria-label=\"{ReportPage.Text(title)}\">");
        WriteAxes(page);
        for (var i = 0; i < series.Count; i++) WriteBand(page, series[i], i);
        for (var i = 0; i < series.Count; i++) WriteLine(page, series[i], i);
        page.WriteLine("</svg>");
        if (series.Count > 1 || series.Any(line => line.Dashed)) WriteLegend(page);
        page.WriteLine("</figure>");
    }

    private void WriteAxes(TextWriter page)
    {
        foreach (var tick in _yTicks)
        {
            page.WriteLine($"<line class=\"grid\" x1=\"{Number(Left)}\" x2=\"{Number(Width - Right)}\" y1=\"{Number(Y(tick))}\" y2=\"{Number(Y(tick))}\"/>");
            page.WriteLine($"<text x=\"{Number(Left - 8)}\" y=\"{Number(Y(tick) + 4)}\" text-anchor=\"end\">{Label(tick)}</text>");
        }

        foreach (var tick in Ticks(_x, 13, whole: true).Where(tick => tick >= _x.From && tick <= _x.To))
            page.WriteLine($"<text x=\"{Number(X(tick))}\" y=\"{Number(Height - Bottom + 18)}\" text-anchor=\"middle\">{Label(tick)}</text>");
        page.WriteLine($"<line class=\"axis\" x1=\"{Number(Left)}\" x2=\"{Number(Width - Right)}\" y1=\"{Number(Height - Bottom)}\" y2=\"{Number(Height - Bottom)}\"/>");
        page.WriteLine($"<text x=\"{Number((Left + Width - Right) / 2)}\" y=\"{Number(Height - 8)}\" text-anchor=\"middle\">{ReportPage.Text(xLabel)}</text>");
        var middle = (Top + Height - Bottom) / 2;
        page.WriteLine($"<text x=\"14\" y=\"{Number(middle)}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {Number(middle)})\">{ReportPage.Text(yLabel)}</text>");
    }

    private void WriteBand(TextWriter page, ChartSeries line, int index)
    {
        var banded = line.Points.Where(point => double.IsFinite(point.Low ?? double.NaN) && double.IsFinite(point.High ?? double.NaN)).ToList();
        if (banded.Count < 2) return;
        var outline = banded.Select(point => Place(point.X, point.High!.Value)).Concat(banded.AsEnumerable().Reverse().Select(point => Place(point.X, point.Low!.Value)));
        page.WriteLine($"<polygon class=\"band\" fill=\"{Colour(index)}\" points=\"{string.Join(' ', outline)}\"/>");
    }

    private void WriteLine(TextWriter page, ChartSeries line, int index)
    {
        var path = new StringBuilder();
        var pen = 'M';
        foreach (var point in line.Points)
        {
            if (double.IsFinite(point.Y)) path.Append(pen).Append(Place(point.X, point.Y));
            pen = double.IsFinite(point.Y) ? 'L' : 'M';
        }

        page.WriteLine($"<path class=\"line{(IsDashed(line, index) ? " dashed" : "")}\" stroke=\"{Colour(index)}\" d=\"{path}\"/>");
        foreach (var point in line.Points.Where(point => double.IsFinite(point.Y))) WriteDot(page, line, point, index);
    }

    private void WriteDot(TextWriter page, ChartSeries line, ChartPoint point, int index)
    {
        var band = point is { Low: { } low, High: { } high } ? $" [{Value(low)}, {Value(high)}]" : "";
        page.WriteLine($"<circle cx=\"{Number(X(point.X))}\" cy=\"{Number(Y(point.Y))}\" r=\"3\" fill=\"{Colour(index)}\">" +
            $"<title>{ReportPage.Text($"{line.Name}, {xLabel} = {Value(point.X)}: {Value(point.Y)}{band}")}</title></circle>");
    }

    private void WriteLegend(TextWriter page)
    {
        page.WriteLine("<ul class=\"legend\">");
        for (var i = 0; i < series.Count; i++)
        {
            var dash = IsDashed(series[i], i) ? " dashed" : "";
            page.WriteLine($"<li><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\"><path class=\"line{dash}\" stroke=\"{Colour(i)}\" d=\"M1 5H25\"/></svg>" +
                $"{ReportPage.Text(series[i].Name)}</li>");
        }

        page.WriteLine("</ul>");
    }

    private static bool IsDashed(ChartSeries line, int index) => line.Dashed || index / Colours % 2 == 1;

    private static string Colour(int index) => $"var(--s{index % Colours})";

    private string Place(double x, double y) => $"{Number(X(x))},{Number(Y(y))}";

    private double X(double x) => Left + (x - _x.From) / (_x.To - _x.From) * (Width - Left - Right);

    private double Y(double y) => Height - Bottom - (y - _yTicks[0]) / (_yTicks[^1] - _yTicks[0]) * (Height - Top - Bottom);

    private static IEnumerable<double> Given(double? value) => value is { } given ? [given] : [];

    private static IEnumerable<double> Heights(ChartPoint point) => [point.Y, point.Low ?? point.Y, point.High ?? point.Y];

    /// <summary>Of the finite values, never empty: a flat line needs a height to be drawn in.</summary>
    private static (double From, double To) Range(IEnumerable<double> values)
    {
        var (from, to) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values.Where(double.IsFinite)) (from, to) = (Math.Min(from, value), Math.Max(to, value));
        if (from > to) return (0, 1);
        var margin = Math.Max(Math.Abs(from) * 1e-6, 1e-9);
        return to - from > margin ? (from, to) : (from - Math.Max(Math.Abs(from) * 0.05, 1e-3), to + Math.Max(Math.Abs(to) * 0.05, 1e-3));
    }

    /// <summary>Round numbers (1, 2 or 5 times a power of ten apart) from below the range to above it.</summary>
    internal static IReadOnlyList<double> Ticks((double From, double To) range, int most, bool whole = false)
    {
        var step = Step((range.To - range.From) / Math.Max(1, most - 1));
        if (whole) step = Math.Max(1, step);
        var first = Math.Floor(range.From / step + 1e-9);
        var last = Math.Ceiling(range.To / step - 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
    }

    private static double Step(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        foreach (var factor in (ReadOnlySpan<double>)[1, 2, 5])
            if (factor * power >= least * (1 - 1e-9)) return factor * power;
        return 10 * power;
    }

    private static string Label(double value) => Math.Round(value, 10).ToString("0.######", CultureInfo.InvariantCulture);

    private static string Value(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
