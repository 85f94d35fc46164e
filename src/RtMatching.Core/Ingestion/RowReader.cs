using System.Runtime.CompilerServices;
using System.Text;

namespace RtMatching.Core.Ingestion;

/// <summary>Reads the rows of bulk files (JSON Lines, CSV, TSV) into items. A bad row is rejected by its line; the file goes on.</summary>
internal sealed class RowReader(IngestionRequest request, IngestionOptions options)
{
    /// <summary>
    /// Rows without an id are refused instead of being called after their number: rows from nowhere in particular would overwrite others
    /// of the same number.
    /// </summary>
    public bool NeedsIds { get; init; }

    // Across the files of one ingestion: two bulk files of the same name and rows would be the same documents.
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <param name="source">Of the documents, where the request names none.</param>
    /// <param name="rows">Stays the caller's.</param>
    /// <exception cref="IOException">The stream cannot be read on; so do other exceptions of its own come through.</exception>
    public async IAsyncEnumerable<SourceItem> ReadAsync(
        string source, RowFormat format, Stream rows, [EnumeratorCancellation] CancellationToken cancellation)
    {
        source = request.Source ?? source;
        var read = format == RowFormat.JsonLines
            ? JsonRows.ReadAsync(rows, options.MaxDocumentBytes, cancellation)
            : CsvRows.ReadAsync(rows, format, options.MaxDocumentBytes, cancellation);
        await foreach (var row in read) yield return Item(source, row);
    }

    /// <summary>Stands for what comes after the last row that could be read.</summary>
    public SourceItem Rest(string source, string outcome, string detail) =>
        SourceItem.Rejected(Unique($"{request.Source ?? source}:rest"), outcome, detail);

    private SourceItem Item(string source, BulkRow row)
    {
        if (row.Problem is { } problem) return Reject(source, row, problem.Outcome, problem.Detail);
        var mapping = request.Mapping.Completed([.. row.Columns.Keys]);
        var missing = request.Mapping.Columns.FirstOrDefault(column => !row.Columns.ContainsKey(column));
        if (missing is not null) return Reject(source, row, Outcomes.Corrupt, $"it has no column {missing}, which the mapping names");

        if (mapping.Id is null && NeedsIds)
            return Reject(source, row, Outcomes.Corrupt, "it has no column with an id: name one with the mapping id=COLUMN, or give a source");
        var id = mapping.Id is null ? $"{row.Unit} {row.Number}" : row.First(mapping.Id) ?? "";
        if (ExternalIds.Problem(id) is { } bad) return Reject(source, row, Outcomes.Corrupt, bad);
        var bytes = Content(row, mapping);
        if (bytes is null) return Reject(source, row, Outcomes.Corrupt, "it has no column with text: name one with --mapping text=COLUMN");
        if (bytes.Length > options.MaxDocumentBytes)
            return Reject(source, row, Outcomes.TooLarge, Rejection.TooLargeDetail(bytes.Length, options.MaxDocumentBytes));
        var name = $"{source}:{id}";
        if (!_names.Add(name)) return Reject(source, row, Outcomes.Corrupt, "its id was used before in this ingestion: ids must differ");
        return Mapped(new SourceItem(name, source, id, bytes), row, mapping);
    }

    private SourceItem Mapped(SourceItem item, BulkRow row, ColumnMapping mapping) => item with
    {
        Tags = [.. request.Tags.Concat(RowValues.Tags(row.All(mapping.Tags))).Distinct(StringComparer.Ordinal)],
        Location = RowValues.Short(row.First(mapping.Location)),
        Language = RowValues.Language(row.First(mapping.Language)),
        Date = RowValues.Date(row.First(mapping.Date)),
    };

    /// <summary>
    /// The row's text as UTF-8, or the row itself where it is a JSON Resume and the mapping names no text. Null: no text column at all.
    /// </summary>
    private byte[]? Content(BulkRow row, ColumnMapping mapping)
    {
        if (row.JsonResume is not null && request.Mapping.Text.Count == 0) return Encoding.UTF8.GetBytes(row.JsonResume);
        if (mapping.Text.Count == 0) return null;
        var parts = mapping.Text.Select(column => string.Join('\n', row.All(column))).Where(RowValues.IsGiven);
        return Encoding.UTF8.GetBytes(string.Join("\n\n", parts).Replace("\0", ""));
    }

    private SourceItem Reject(string source, BulkRow row, string outcome, string detail) =>
        SourceItem.Rejected(Unique($"{source}:{row.Unit} {row.Number}"), outcome, $"{row.Unit} {row.Number}: {detail}");

    private string Unique(string name)
    {
        var unique = name;
        for (var twin = 2; !_names.Add(unique); twin++) unique = $"{name} ({twin})";
        return unique;
    }
}
