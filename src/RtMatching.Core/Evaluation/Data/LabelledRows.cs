using System.Runtime.CompilerServices;
using System.Text;
using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>
/// Rows of a labelled file in whatever form it has. Unlike an ingestion, an evaluation stops at the first bad row: figures over what
/// happened to be readable would be figures of another data set.
/// </summary>
internal static class LabelledRows
{
    /// <summary>UTF-16 units. Longer than any CV or article; a longer text is a whole corpus as one line, or a binary file.</summary>
    public const int MaxTextLength = 4 * 1024 * 1024;

    /// <summary>Texts are held in memory.</summary>
    public const int MaxRows = 2_000_000;

    private const int StartLength = 1 << 16;

    /// <exception cref="InvalidDataFileException">A row cannot be read, or there are too many.</exception>
    public static async IAsyncEnumerable<BulkRow> ReadAsync(
        FileInfo file, PairFormat format, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var stream = Open(file);
        var rows = 0;
        await foreach (var row in Rows(stream, format, cancellation))
        {
            if (row.Problem is { } problem) throw Bad(file, row, problem.Detail);
            if (++rows > MaxRows)
                throw new InvalidDataFileException($"{file.Name}: it has more than {MaxRows:N0} rows; take fewer with --limit, or cut the file");
            yield return row;
        }
    }

    /// <summary>Of the file, without its byte order mark; its beginning where it is very long.</summary>
    /// <exception cref="InvalidDataFileException">It is empty or binary.</exception>
    public static async Task<string> FirstLineAsync(FileInfo file, CancellationToken cancellation)
    {
        await using var stream = Open(file);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var start = new char[StartLength];
        var length = await reader.ReadBlockAsync(start, cancellation);
        var text = new string(start, 0, length);
        if (text.Contains('\0')) throw new InvalidDataFileException($"{file.Name}: it is not text in UTF-8");
        return text.Split('\n').Select(line => line.TrimEnd('\r')).FirstOrDefault(line => !string.IsNullOrWhiteSpace(line))
            ?? throw new InvalidDataFileException($"{file.Name}: it is empty; give a file with one labelled pair or text a line");
    }

    /// <summary>A file that is one text.</summary>
    public static async Task<string> TextAsync(FileInfo file, CancellationToken cancellation)
    {
        await FirstLineAsync(file, cancellation);
        if (file.Length > MaxTextLength) throw new InvalidDataFileException($"{file.Name}: it is larger than {MaxTextLength:N0} bytes, which no CV or job is");
        return await File.ReadAllTextAsync(file.FullName, cancellation);
    }

    public static InvalidDataFileException Bad(FileInfo file, BulkRow row, string what) => new($"{file.Name}, {row.Unit} {row.Number}: {what}");

    /// <exception cref="InvalidDataFileException">It holds half a surrogate pair, which no tokenizer takes.</exception>
    public static string Whole(FileInfo file, BulkRow row, string text) =>
        ExternalIds.HasLoneSurrogate(text) ? throw Bad(file, row, "a text of it holds half a surrogate pair; repair its encoding") : text;

    public static FileStream Open(FileInfo file)
    {
        if (!file.Exists) throw new InvalidDataFileException($"{file}: no such file");
        return new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, useAsync: true);
    }

    private static IAsyncEnumerable<BulkRow> Rows(Stream stream, PairFormat format, CancellationToken cancellation) => format switch
    {
        PairFormat.Jsonl => JsonRows.ReadAsync(stream, MaxTextLength, cancellation),
        PairFormat.Csv => CsvRows.ReadAsync(stream, RowFormat.Csv, MaxTextLength, cancellation),
        PairFormat.StsbZh => PlainRows.ReadAsync(stream, "||", ["id", "sentence1", "sentence2", "score"], MaxTextLength, cancellation),
        PairFormat.Lcqmc => PlainRows.ReadAsync(stream, "\t", ["sentence1", "sentence2", "label"], MaxTextLength, cancellation),
        _ => PlainRows.ReadAsync(stream, "\t", header: null, MaxTextLength, cancellation),
    };
}
