using System.Runtime.CompilerServices;
using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>
/// Lines of separated fields where a quotation mark is only itself, as in the published pair sets: reading them as CSV would join lines
/// whose quotes do not pair up.
/// </summary>
internal static class PlainRows
{
    private const string Unit = "line";

    /// <param name="header">The columns' names; null where the first line names them.</param>
    public static async IAsyncEnumerable<BulkRow> ReadAsync(
        Stream stream, string separator, IReadOnlyList<string>? header, long maxLineLength, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var (number, line) in BoundedLines.ReadAsync(stream, maxLineLength, cancellation))
        {
            if (line is null) yield return BulkRow.Bad(Unit, number, $"it is longer than {maxLineLength:N0} characters");
            else if (string.IsNullOrWhiteSpace(line)) continue;
            else if (header is null) header = [.. Fields(line, separator).Select(name => name.Trim())];
            else yield return Row(number, Fields(line, separator), header);
        }
    }

    private static string[] Fields(string line, string separator) => line.TrimEnd('\r').Split(separator);

    private static BulkRow Row(long number, string[] fields, IReadOnlyList<string> header)
    {
        if (fields.Length != header.Count) return BulkRow.Bad(Unit, number, $"it has {fields.Length} columns instead of {header.Count}");
        var columns = new Dictionary<string, string[]>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Length; i++) columns.TryAdd(header[i], [fields[i]]);
        return new BulkRow(Unit, number, columns);
    }
}
