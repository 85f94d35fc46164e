using System.Runtime.CompilerServices;
using CsvHelper;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// CSV and TSV with a header (RFC 4180: quotes, line breaks in quotes); separated by , ; | or tab, as the first lines show.
/// </summary>
internal static class CsvRows
{
    private const string Unit = "row";

    // Beside its text a row has its other columns, and quotes are written twice.
    private const int RowFactor = 3;

    public static async IAsyncEnumerable<BulkRow> ReadAsync(
        Stream stream, RowFormat format, int maxDocumentBytes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var unclosed = false;
        var options = CsvReaderOptions.Default with
        {
            Separator = format == RowFormat.Tsv ? '\t' : null,
            MaxRecordSize = (int)Math.Min(int.MaxValue / 2, maxDocumentBytes * (long)RowFactor),
            TrackLineNumbers = true,
            IncludeValuesInExceptions = false,
            OnMalformedRecord = record => unclosed |= record.Reason == CsvMalformedReason.UnterminatedQuote,
        };
        await using var csv = CsvReader.Create(stream, options, leaveOpen: true);
        var (row, more) = ((BulkRow?)null, true);
        for (var number = 1L; more; number++)
        {
            (row, more) = await NextAsync(csv, number, cancellation);
            if (row is not null) yield return unclosed ? Unclosed(number) : row;
        }
    }

    private static async Task<(BulkRow? Row, bool More)> NextAsync(CsvReader csv, long number, CancellationToken cancellation)
    {
        try
        {
            if (!await csv.ReadAsync(cancellation)) return (null, false);
            var header = csv.Headers;
            if (csv.FieldCount != header.Count)
            {
                var detail = $"it has {csv.FieldCount} columns (file line {csv.LineNumber}), the header has {header.Count}";
                return (BulkRow.Bad(Unit, number, detail), true);
            }

            var columns = new Dictionary<string, string[]>(StringComparer.Ordinal);
            for (var i = 0; i < header.Count; i++) columns.TryAdd(header[i], [csv[i].ToString()]);
            return (new BulkRow(Unit, number, columns), true);
        }
        catch (CsvFormatException)
        {
            return (Unclosed(number), false);
        }
    }

    /// <summary>
    /// After a row without end there is no telling where the next one begins. The reader's own message may quote the row.
    /// </summary>
    private static BulkRow Unclosed(long number) => BulkRow.Bad(
        Unit, number, "a quote in it is never closed, or it is longer than any document may be; the rest of the file was not read");
}
