namespace RtMatching.Core.Ingestion;

/// <summary>How rows are written.</summary>
public enum RowFormat { JsonLines, Csv, Tsv }

/// <summary>Tells files with one document a row from files that are one document.</summary>
internal static class BulkFiles
{
    /// <summary>So many bytes of a file's start show whether its extension lies.</summary>
    public const int StartLength = 512;

    /// <summary>By extension; null for a document.</summary>
    public static RowFormat? FormatOf(string fileName) => Path.GetExtension(fileName).ToLowerInvariant() switch
    {
        ".jsonl" or ".ndjson" => RowFormat.JsonLines,
        ".csv" => RowFormat.Csv,
        ".tsv" => RowFormat.Tsv,
        _ => null,
    };

    /// <summary>The content plainly is a document with a lying name, or there is none: that is shown as one empty item.</summary>
    public static bool StartsLikeDocument(ReadOnlySpan<byte> start) =>
        start.IsEmpty || start.StartsWith("%PDF"u8) || start.StartsWith("PK\x03\x04"u8) || start.Contains((byte)0);
}
