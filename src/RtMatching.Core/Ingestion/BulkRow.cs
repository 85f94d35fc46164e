namespace RtMatching.Core.Ingestion;

/// <summary>A row of a bulk file.</summary>
/// <param name="Unit">What <paramref name="Number"/> counts from 1: <c>line</c> (JSON Lines) or <c>row</c> (CSV, the header not
/// counted).</param>
/// <param name="Columns">The values of each column: one, or those of a JSON array.</param>
internal sealed record BulkRow(string Unit, long Number, IReadOnlyDictionary<string, string[]> Columns)
{
    private static readonly Dictionary<string, string[]> NoColumns = [];

    /// <summary>The row's own JSON where it is a JSON Resume.</summary>
    public string? JsonResume { get; init; }

    /// <summary>Why the row cannot be read; null where it can.</summary>
    public Rejection? Problem { get; init; }

    public static BulkRow Bad(string unit, long number, string detail, string outcome = Outcomes.Corrupt) =>
        new(unit, number, NoColumns) { Problem = new Rejection(outcome, detail) };

    public IReadOnlyList<string> All(string? column) => column is not null && Columns.TryGetValue(column, out var values) ? values : [];

    /// <summary>Null where the column is absent or says nothing.</summary>
    public string? First(string? column) => All(column).Select(value => value.Trim()).FirstOrDefault(RowValues.IsGiven);
}
