using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>Two texts and what people said about them.</summary>
public sealed record ScoredTexts(string First, string Second, double Score);

/// <summary>How a file of pairs is to be read.</summary>
public sealed record PairReading
{
    /// <summary>Null: as the content shows.</summary>
    public PairFormat? Format { get; init; }

    /// <summary>First, second, score. Null: by common names.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>The first so many pairs in file order; null for all.</summary>
    public int? Limit { get; init; }
}

/// <param name="Name">The file's.</param>
/// <param name="Format">As named or recognised.</param>
public sealed record PairFile(string Name, PairFormat Format, IReadOnlyList<ScoredTexts> Pairs)
{
    /// <exception cref="InvalidDataFileException">It is missing, empty, of no known format, has a bad row, or the same score everywhere.</exception>
    public static async Task<PairFile> ReadAsync(string path, PairReading? reading = null, CancellationToken cancellation = default)
    {
        reading ??= new PairReading();
        var file = new FileInfo(path);
        var start = await LabelledRows.FirstLineAsync(file, cancellation);
        var format = reading.Format ?? PairFormats.Recognise(start, reading.Columns is not null, file.Name);
        var pairs = new List<ScoredTexts>();
        PairColumns? columns = null;
        await foreach (var row in LabelledRows.ReadAsync(file, format, cancellation))
        {
            columns ??= PairColumns.Of(file, row, reading.Columns, PairColumns.SentenceNames);
            pairs.Add(Pair(file, row, columns));
            if (pairs.Count == reading.Limit) break;
        }

        CheckScores(file.Name, [.. pairs.Select(pair => pair.Score)], reading.Limit);
        return new PairFile(file.Name, format, pairs);
    }

    /// <summary>Nothing can be told from a file whose scores are all one.</summary>
    internal static void CheckScores(string name, IReadOnlyList<double> scores, int? limit)
    {
        if (scores.Count < 2) throw new InvalidDataFileException($"{name}: it has {scores.Count} pairs; at least 2 with different scores are needed");
        if (scores.All(score => score == scores[0]))
            throw new InvalidDataFileException($"{name}: all {scores.Count:N0} pairs have the same score, so there is nothing to agree with; " +
                (limit is null ? "is the right column named?" : "raise --limit"));
    }

    private static ScoredTexts Pair(FileInfo file, BulkRow row, PairColumns columns) =>
        new(Text(file, row, columns.First), Text(file, row, columns.Second), Score(file, row, columns.Score));

    internal static string Text(FileInfo file, BulkRow row, string column)
    {
        var text = string.Join('\n', row.All(column));
        if (string.IsNullOrWhiteSpace(text)) throw LabelledRows.Bad(file, row, $"its column '{column}' holds no text; give it one or remove the row");
        return LabelledRows.Whole(file, row, text);
    }

    internal static double Score(FileInfo file, BulkRow row, string column) =>
        row.All(column) is [var value] && Scores.Parse(value) is { } score
            ? score
            : throw LabelledRows.Bad(file, row, $"its column '{column}' is not a finite number, true or false; correct it, or name another column");
}
