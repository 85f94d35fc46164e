using System.Globalization;
using System.Xml.Linq;
using RtMatching.Cli.Reports;

namespace RtMatching.Tests.Cli;

public class LineChartTests
{
    [Fact]
    public void Every_finite_point_is_drawn_inside_the_axes_and_what_is_not_a_number_leaves_a_gap()
    {
        var figure = Draw(new LineChart("Score", "k", "spearman", [new ChartSeries("last", [new(1, 28.1), new(2, double.NaN), new(3, 33, 31, 35), new(4, 34, 30, 38)])]));

        var dots = figure.Descendants("circle").ToList();
        Assert.Equal(3, dots.Count);
        Assert.All(dots, dot => Assert.InRange(Number(dot, "cx"), 76, 624));
        Assert.All(dots, dot => Assert.InRange(Number(dot, "cy"), 14, 274));
        Assert.True(Number(dots[0], "cy") > Number(dots[2], "cy"), "a larger value stands higher");
        Assert.Equal("M", string.Concat(figure.Descendants("path").First().Attribute("d")!.Value.Where(char.IsLetter))[1..2]);   // M..M..L: the gap
        Assert.Contains(dots, dot => dot.Value.Contains("[31, 35]", StringComparison.Ordinal));
        Assert.Single(figure.Descendants("polygon"));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e-7, 1e-7)]
    [InlineData(-1e9, 1e9)]
    [InlineData(double.NaN, double.PositiveInfinity)]
    public void Any_range_can_be_drawn(double first, double second)
    {
        var figure = Draw(new LineChart("x", "k", "y", [new ChartSeries("a", [new(1, first), new(1, second)]), new ChartSeries("empty", [])]));
        Assert.All(figure.Descendants("text"), text => Assert.DoesNotContain("NaN", text.Value, StringComparison.Ordinal));
        Assert.Equal(2, figure.Descendants("li").Count());
    }

    [Fact]
    public void Names_are_escaped()
    {
        var figure = Draw(new LineChart("</figcaption><script>", "k\"", "<y>", [new ChartSeries("<b>&", [new(1, 1)]), new ChartSeries("paper", [new(1, 2)], Dashed: true)]));
        Assert.Empty(figure.Descendants("script"));
        Assert.Empty(figure.Descendants("b"));
        Assert.Contains(figure.Descendants("li"), item => item.Value == "<b>&");
        Assert.Contains(figure.Descendants("path"), path => path.Attribute("class")!.Value.Contains("dashed", StringComparison.Ordinal));
    }

    [Fact]
    public void Ticks_are_round_and_enclose_the_range()
    {
        Assert.Equal([0, 5, 10, 15, 20], LineChart.Ticks((1, 18), 6).Select(tick => Math.Round(tick, 9)));
        Assert.Equal([1, 2, 3], LineChart.Ticks((1, 3), 13, whole: true));
        var ticks = LineChart.Ticks((0.9971, 1), 6);
        Assert.True(ticks[0] <= 0.9971 && ticks[^1] >= 1 - 1e-9 && ticks.Count <= 8);
    }

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static XElement Draw(LineChart chart)
    {
        using var writer = new StringWriter();
        chart.Write(writer);
        return XElement.Parse(writer.ToString());
    }
}
