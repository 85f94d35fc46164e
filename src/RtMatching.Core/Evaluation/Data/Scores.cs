using System.Globalization;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>Scores and labels as files write them.</summary>
internal static class Scores
{
    /// <summary>A finite number, or true and false as 1 and 0; null for anything else.</summary>
    public static double? Parse(string value)
    {
        value = value.Trim();
        if (value.Equals("true", StringComparison.OrdinalIgnoreCase)) return 1;
        if (value.Equals("false", StringComparison.OrdinalIgnoreCase)) return 0;
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && double.IsFinite(score) ? score : null;
    }

    /// <summary>Labels: zeros and ones, both of them.</summary>
    public static bool AreBinary(IEnumerable<double> scores) => scores.All(score => score is 0 or 1);
}
