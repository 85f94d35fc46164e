using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RtMatching.Server.Telemetry;

namespace RtMatching.Tests.Telemetry;

public sealed class PrometheusTests : IDisposable
{
    private readonly Meter _meter = new($"test.{Guid.NewGuid():N}", "1.2");
    private readonly PrometheusMetrics _metrics;

    public PrometheusTests() => _metrics = new PrometheusMetrics([_meter.Name], meters: null, "rtmatch-server");

    public void Dispose()
    {
        _metrics.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Values_are_what_was_recorded()
    {
        var counter = _meter.CreateCounter<long>("rows.read", "{row}", "Rows read.");
        counter.Add(3, new KeyValuePair<string, object?>("kind", "cv"));
        counter.Add(4, new KeyValuePair<string, object?>("kind", "cv"));
        counter.Add(5, new KeyValuePair<string, object?>("kind", "job"));
        _meter.CreateObservableGauge("queue.age", () => 2.5, "s");
        _meter.CreateUpDownCounter<int>("memory", "By").Add(-7);
        _meter.CreateObservableGauge("fill", () => double.NaN, "1");

        var scrape = Scrape();

        Assert.Equal(7, scrape.Value("rows_read_total", "kind=\"cv\""));
        Assert.Equal(5, scrape.Value("rows_read_total", "kind=\"job\""));
        Assert.Equal(2.5, scrape.Value("queue_age_seconds"));
        Assert.Equal(-7, scrape.Value("memory_bytes"));
        Assert.True(double.IsNaN(scrape.Value("fill_ratio")));
        Assert.Equal(("counter", "gauge", "gauge"), (scrape.Types["rows_read_total"], scrape.Types["memory_bytes"], scrape.Types["queue_age_seconds"]));
        Assert.Equal(1, scrape.Value("target_info", "service_name="));
        Assert.All(scrape.Samples.Where(sample => sample.Name != "target_info"), sample =>
            Assert.Contains($"otel_scope_name=\"{_meter.Name}\",otel_scope_version=\"1.2\"", sample.Labels));
    }

    [Fact]
    public void Buckets_are_cumulative_and_end_with_the_count()
    {
        var histogram = _meter.CreateHistogram("took", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1, 10] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 5, 100 }) histogram.Record(value);

        var scrape = Scrape();

        Assert.Equal("histogram", scrape.Types["took_seconds"]);
        Assert.Equal([2, 3, 4, 5], new[] { "0.1", "1", "10", "+Inf" }.Select(le => scrape.Value("took_seconds_bucket", $"le=\"{le}\"")));
        Assert.Equal(105.65, scrape.Value("took_seconds_sum"), 9);
        Assert.Equal(5, scrape.Value("took_seconds_count"));
    }

    [Fact]
    public void Whatever_stands_in_names_and_values_every_line_keeps_to_the_grammar()
    {
        var counter = _meter.CreateCounter<double>("odd/na-me__total", "ms/{thing}", "A \\ and\na second line");
        counter.Add(0.5, new TagList { { "a.b", "quote \" slash \\ line\nend" }, { "a_b", "second" }, { "1st", true }, { "empty", null }, { "zh", "简历" } });

        var scrape = Scrape();

        var sample = Assert.Single(scrape.Samples, sample => sample.Name != "target_info");
        Assert.Equal(("odd_na_me_milliseconds_total", 0.5), (sample.Name, sample.Value));
        Assert.Contains("""a_b="quote \" slash \\ line\nend;second",empty="",""", sample.Labels);
        Assert.Contains("_1st=\"true\"", sample.Labels);
        Assert.Contains("zh=\"简历\"", sample.Labels);
        Assert.Contains("""# HELP odd_na_me_milliseconds_total A \\ and\na second line""", scrape.Text);
    }

    [Theory]
    [InlineData("rtmatch.engine.tokens", "{token}", true, false, "rtmatch_engine_tokens_total")]
    [InlineData("rtmatch.engine.memory", "By", false, true, "rtmatch_engine_memory_bytes")]
    [InlineData("rtmatch.index.recall", "1", false, true, "rtmatch_index_recall_ratio")]
    [InlineData("batch.fill", "1", false, false, "batch_fill")]
    [InlineData("speed", "m/s", false, true, "speed_meters_per_second")]
    [InlineData("requests", "{request}/s", false, true, "requests_per_second")]
    [InlineData("took.seconds", "s", false, false, "took_seconds")]
    [InlineData("sent_total", "By", true, false, "sent_bytes_total")]
    [InlineData("9 näme", "", false, false, "_9_n_me")]
    public void Names_carry_unit_and_total(string name, string unit, bool isCounter, bool isGauge, string expected) =>
        Assert.Equal(expected, PrometheusNames.Metric(name, unit, isCounter, isGauge));

    [Fact]
    public async Task Scrapes_at_once_are_each_whole()
    {
        var counter = _meter.CreateCounter<long>("n");
        counter.Add(1);
        var scrapes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(Scrape)));
        Assert.All(scrapes, scrape => Assert.Equal(1, scrape.Value("n_total")));
    }

    [Fact]
    public void Two_meters_of_one_name_give_each_series_once()
    {
        using var twin = new Meter(_meter.Name, "1.2");
        _meter.CreateCounter<long>("n").Add(1);
        twin.CreateCounter<long>("n").Add(2);

        Assert.Single(Scrape().Samples, sample => sample.Name == "n_total");
    }

    private PrometheusScrape Scrape() => PrometheusScrape.Parse(Encoding.UTF8.GetString(_metrics.Scrape()));
}

/// <summary>Reads the text format by its grammar: any other line fails.</summary>
internal sealed partial record PrometheusScrape(string Text, IReadOnlyDictionary<string, string> Types, IReadOnlyList<PrometheusSample> Samples)
{
    public static PrometheusScrape Parse(string text)
    {
        Assert.EndsWith("\n", text);
        var types = new Dictionary<string, string>();
        var samples = new List<PrometheusSample>();
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Help().IsMatch(line)) continue;
            if (Type().Match(line) is { Success: true } type)
            {
                Assert.True(types.TryAdd(type.Groups[1].Value, type.Groups[2].Value), $"a second type: {line}");
                continue;
            }

            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"not of the format: {line}");
            var (name, labels) = (sample.Groups["name"].Value, sample.Groups["labels"].Value);
            Assert.Contains(types, type => name == type.Key || (type.Value == "histogram" && name.StartsWith(type.Key + "_", StringComparison.Ordinal)));
            Assert.DoesNotContain(samples, other => other.Name == name && other.Labels == labels);
            samples.Add(new PrometheusSample(name, labels, Number(sample.Groups["value"].Value)));
        }

        return new PrometheusScrape(text, types, samples);
    }

    /// <summary>Of the one series of that name whose labels hold all of <paramref name="labels"/>.</summary>
    public double Value(string name, params string[] labels) =>
        Assert.Single(Samples, sample => sample.Name == name && labels.All(label => sample.Labels.Contains(label, StringComparison.Ordinal))).Value;

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("""^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* (?:[^\\\n]|\\\\|\\n)*$""")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("""
        ^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*")*)\})? (?<value>[+-]Inf|NaN|[+-]?[0-9.]+(?:E[+-]?[0-9]+)?)$
        """)]
    private static partial Regex Sample();
}

internal sealed record PrometheusSample(string Name, string Labels, double Value);
