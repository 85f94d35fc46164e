using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace RtMatching.Server.Telemetry;

/// <summary>
/// Metrics as Prometheus's text format 0.0.4. See https://prometheus.io/docs/instrumenting/exposition_formats/. Exponential histograms have
/// no form there and are left out.
/// </summary>
internal sealed class PrometheusText
{
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <summary>A metric's samples stand together, whichever meters they come from; no series stands twice, which a scraper would refuse.</summary>
    private sealed record Family(string Type, string Help)
    {
        public StringBuilder Samples { get; } = new();
        public HashSet<string> Series { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>What is scraped, as <c>target_info</c>.</summary>
    public void Add(Resource resource)
    {
        var family = new Family("gauge", "Target metadata");
        _families["target_info"] = family;
        Sample(family, "target_info", Labels(resource.Attributes.Select(pair => KeyValuePair.Create(pair.Key, (object?)pair.Value))), "1");
    }

    public void Add(Metric metric)
    {
        if (Type(metric.MetricType) is not { } type) return;
        var name = PrometheusNames.Metric(metric.Name, metric.Unit, type == "counter", type == "gauge");
        if (!_families.TryGetValue(name, out var family)) _families[name] = family = new Family(type, metric.Description);
        if (family.Type != type) return;            // the name means something else already
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(Attributes(metric, point));
            if (!family.Series.Add(labels)) continue;
            if (type == "histogram") Histogram(family, name, labels, point);
            else Sample(family, name, labels, Value(metric.MetricType, point));
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (name, family) in _families.Where(pair => pair.Value.Samples.Length > 0))
        {
            if (family.Help.Length > 0) text.Append($"# HELP {name} {PrometheusNames.Help(family.Help)}\n");
            text.Append($"# TYPE {name} {family.Type}\n").Append(family.Samples);
        }

        return text.ToString();
    }

    private static string? Type(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic or MetricType.LongGauge or MetricType.DoubleGauge => "gauge",
        MetricType.Histogram => "histogram",
        _ => null,
    };

    private static string Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong().ToString(CultureInfo.InvariantCulture),
        MetricType.LongGauge => point.GetGaugeLastValueLong().ToString(CultureInfo.InvariantCulture),
        MetricType.DoubleGauge => PrometheusNames.Number(point.GetGaugeLastValueDouble()),
        _ => PrometheusNames.Number(point.GetSumDouble()),
    };

    /// <summary>Buckets there are cumulative.</summary>
    private static void Histogram(Family family, string name, string labels, in MetricPoint point)
    {
        var (count, separator) = (0L, labels.Length > 0 ? "," : "");
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            var bound = PrometheusNames.Number(bucket.ExplicitBound);
            Sample(family, name + "_bucket", $"{labels}{separator}le=\"{bound}\"", count.ToString(CultureInfo.InvariantCulture));
        }

        Sample(family, name + "_sum", labels, PrometheusNames.Number(point.GetHistogramSum()));
        Sample(family, name + "_count", labels, count.ToString(CultureInfo.InvariantCulture));
    }

    private static void Sample(Family family, string name, string labels, string value)
    {
        family.Samples.Append(name);
        if (labels.Length > 0) family.Samples.Append('{').Append(labels).Append('}');
        family.Samples.Append(' ').Append(value).Append('\n');
    }

    private static IEnumerable<KeyValuePair<string, object?>> Attributes(Metric metric, MetricPoint point)
    {
        var attributes = new List<KeyValuePair<string, object?>> { new("otel_scope_name", metric.MeterName) };
        if (metric.MeterVersion is { Length: > 0 } version) attributes.Add(new("otel_scope_version", version));
        foreach (var tag in metric.MeterTags ?? []) attributes.Add(new($"otel_scope_{tag.Key}", tag.Value));
        foreach (var tag in point.Tags) attributes.Add(tag);
        return attributes;
    }

    /// <summary>Names that become equal share one label, their values in the order of their names.</summary>
    private static string Labels(IEnumerable<KeyValuePair<string, object?>> attributes) => string.Join(',', attributes
        .GroupBy(attribute => PrometheusNames.Label(attribute.Key), StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group =>
        {
            var values = group.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).Select(attribute => Text(attribute.Value));
            return $"{group.Key}=\"{PrometheusNames.LabelValue(string.Join(';', values))}\"";
        }));

    private static string Text(object? value) => value switch
    {
        null => "",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
