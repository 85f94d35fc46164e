using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>Texts of a file by their ids, in the file's order.</summary>
/// <param name="Label">Of the column asked for; null where none was.</param>
public sealed record IdentifiedDocument(string Id, string Text, string? Label);

/// <summary>Files of texts with ids: BEIR's corpus.jsonl and queries.jsonl (_id, title, text), or any JSON Lines, CSV or TSV with such columns.</summary>
internal static class TextFile
{
    private static readonly string[] IdNames = ["id", "docid", "queryid", "corpusid", "jobid", "cvid", "jobdescriptionid", "resumeid"];
    private static readonly string[] TextNames = ["text", "resume", "resumetext", "cv", "cvtext", "jobdescription", "job", "description", "content", "body"];

    /// <param name="textColumn">Null: by common names.</param>
    /// <param name="labelColumn">Read as text; null for none.</param>
    /// <returns>Texts that say nothing too: what to do with them is the task's.</returns>
    public static async Task<IReadOnlyList<IdentifiedDocument>> ReadAsync(
        string path, string? textColumn = null, string? labelColumn = null, CancellationToken cancellation = default)
    {
        var file = new FileInfo(path);
        var format = PairFormats.Recognise(await LabelledRows.FirstLineAsync(file, cancellation), named: true, file.Name);
        var documents = new List<IdentifiedDocument>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var row in LabelledRows.ReadAsync(file, format, cancellation))
        {
            var id = row.First(Column(row, IdNames)) ?? (labelColumn is null ? throw NoId(file, row) : $"{row.Number}");
            if (!ids.Add(id)) throw LabelledRows.Bad(file, row, "its id was used before; ids must differ");
            documents.Add(new IdentifiedDocument(id, Text(file, row, textColumn), labelColumn is null ? null : Label(file, row, labelColumn)));
        }

        return documents.Count > 0 ? documents : throw new InvalidDataFileException($"{file.Name}: it has no rows");
    }

    private static string Text(FileInfo file, BulkRow row, string? named)
    {
        if (named is not null && !row.Columns.ContainsKey(named)) throw LabelledRows.Bad(file, row, $"it has no column '{named}'. {PairColumns.Listed(row)}");
        var column = named ?? Column(row, TextNames)
            ?? throw LabelledRows.Bad(file, row, $"no column is plainly its text; name one. {PairColumns.Listed(row)}");
        var text = string.Join('\n', row.All(column));
        var title = named is null ? row.First("title") : null;
        return LabelledRows.Whole(file, row, title is null ? text : $"{title} {text}".TrimEnd());    // as BEIR joins them
    }

    private static string Label(FileInfo file, BulkRow row, string column) => row.First(column)
        ?? throw LabelledRows.Bad(file, row, $"it has no value in column '{column}'. {PairColumns.Listed(row)}");

    private static string? Column(BulkRow row, string[] names) =>
        names.Select(name => row.Columns.Keys.FirstOrDefault(column => ColumnMapping.Simple(column) == name)).FirstOrDefault(column => column is not null);

    private static InvalidDataFileException NoId(FileInfo file, BulkRow row) =>
        LabelledRows.Bad(file, row, $"it has no column with an id (id or _id). {PairColumns.Listed(row)}");
}
