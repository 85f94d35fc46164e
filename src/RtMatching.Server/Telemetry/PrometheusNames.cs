using System.Globalization;
using System.Text;

namespace RtMatching.Server.Telemetry;

/// <summary>
/// OpenTelemetry's names and values in Prometheus's words. See https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.
/// </summary>
internal static class PrometheusNames
{
    private const string Total = "_total";

    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["d"] = "days", ["h"] = "hours", ["min"] = "minutes", ["s"] = "seconds", ["ms"] = "milliseconds", ["us"] = "microseconds",
        ["ns"] = "nanoseconds", ["By"] = "bytes", ["KiBy"] = "kibibytes", ["MiBy"] = "mebibytes", ["GiBy"] = "gibibytes", ["%"] = "percent",
        ["Hz"] = "hertz", ["Cel"] = "celsius", ["m"] = "meters", ["V"] = "volts", ["A"] = "amperes", ["J"] = "joules", ["W"] = "watts", ["g"] = "grams",
    };

    private static readonly Dictionary<string, string> PerUnits = new(StringComparer.Ordinal)
    {
        ["s"] = "second", ["min"] = "minute", ["h"] = "hour", ["d"] = "day",
    };

    /// <param name="unit">In UCUM; what stands in braces is a remark, and no unit.</param>
    public static string Metric(string name, string? unit, bool isCounter, bool isGauge)
    {
        var result = Sanitised(name, colons: true);
        if (isCounter && result.EndsWith(Total, StringComparison.Ordinal)) result = result[..^Total.Length];
        var suffix = unit == "1" && isGauge ? "ratio" : Unit(unit);
        if (suffix.Length > 0 && !result.EndsWith("_" + suffix, StringComparison.Ordinal)) result += "_" + suffix;
        return isCounter ? result + Total : result;
    }

    public static string Label(string name) => Sanitised(name, colons: false);

    public static string LabelValue(string value) =>
        value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    public static string Help(string text) => text.Replace("\\", "\\\\").Replace("\n", "\\n");

    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),      // NaN is called so there too
    };

    private static string Unit(string? unit)
    {
        if (string.IsNullOrEmpty(unit)) return "";
        var parts = WithoutRemarks(unit).Split('/', 2);
        var main = Word(parts[0], Units);
        if (parts.Length == 1 || parts[1].Length == 0) return main;
        var per = "per_" + Word(parts[1], PerUnits);
        return main.Length > 0 ? $"{main}_{per}" : per;
    }

    private static string Word(string unit, Dictionary<string, string> words) =>
        unit == "1" ? "" : words.GetValueOrDefault(unit) ?? Sanitised(unit, colons: false).Trim('_');

    private static string WithoutRemarks(string unit)
    {
        while (unit.IndexOf('{') is >= 0 and var open && unit.IndexOf('}', open) is >= 0 and var close) unit = unit.Remove(open, close - open + 1);
        return unit;
    }

    /// <summary>Letters, digits and single underscores, not beginning with a digit.</summary>
    private static string Sanitised(string name, bool colons)
    {
        var result = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            var kept = char.IsAsciiLetterOrDigit(c) || (colons && c == ':') ? c : '_';
            if (kept != '_' || result.Length == 0 || result[^1] != '_') result.Append(kept);
        }

        return result.Length == 0 || char.IsAsciiDigit(result[0]) ? "_" + result : result.ToString();
    }
}
