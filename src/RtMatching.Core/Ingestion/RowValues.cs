using System.Globalization;

namespace RtMatching.Core.Ingestion;

/// <summary>A column's text to what is stored. What cannot be understood is left out: it must not cost the document.</summary>
internal static class RowValues
{
    private const int MaxLength = 200;

    /// <summary>False for blanks and for what exports write where there is nothing.</summary>
    public static bool IsGiven(string value) =>
        !string.IsNullOrWhiteSpace(value) && value.Trim() is not ("NA" or "N/A" or "null" or "None" or "-1");

    /// <summary>One column may hold several, separated by ; or |. A comma separates nothing: categories have commas in them.</summary>
    public static IEnumerable<string> Tags(IReadOnlyList<string> values) => values
        .SelectMany(value => value.Split([';', '|'], StringSplitOptions.TrimEntries))
        .Where(IsGiven)
        .Select(tag => Short(tag)!);

    /// <summary>Without what PostgreSQL's text does not take, and cut at a length that fits a table.</summary>
    public static string? Short(string? value)
    {
        if (value is null || ExternalIds.HasLoneSurrogate(value)) return null;
        var clean = string.Concat(value.Where(c => !char.IsControl(c)));
        if (clean.Length <= MaxLength) return clean;
        return clean[..(char.IsHighSurrogate(clean[MaxLength - 1]) ? MaxLength - 1 : MaxLength)];
    }

    /// <summary>A language tag such as en or zh-Hans, lower case.</summary>
    public static string? Language(string? value) =>
        value is { Length: >= 2 and <= 35 } && value.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? value.ToLowerInvariant() : null;

    public static DateOnly? Date(string? value) =>
        DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? DateOnly.FromDateTime(date.DateTime)
            : null;
}
