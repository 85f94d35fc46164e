using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>Which columns hold the two texts and their score.</summary>
internal sealed record PairColumns(string First, string Second, string Score)
{
    private static readonly string[] ScoreNames = ["score", "label", "quality", "similarity", "relevance", "relevant", "match", "isduplicate", "rating"];

    /// <summary>What texts of similarity sets are called, in pairs.</summary>
    public static readonly IReadOnlyList<(string First, string Second)> SentenceNames =
        [("sentence1", "sentence2"), ("text1", "text2"), ("1string", "2string"), ("first", "second"), ("texta", "textb"), ("question1", "question2"), ("s1", "s2")];

    /// <summary>What jobs and CVs are called.</summary>
    public static readonly IReadOnlyList<(string First, string Second)> JobNames =
        [("job", "cv"), ("jobdescription", "resume"), ("jd", "cv"), ("jd", "resume"), ("job", "resume"), ("jobdescription", "cv"),
         ("jobdescriptiontext", "resumetext"), ("jobid", "cvid"), ("jobtext", "cvtext")];

    /// <summary>Those named, or those of <paramref name="row"/> that common names point to.</summary>
    /// <exception cref="InvalidDataFileException">There are none; the message lists the columns.</exception>
    public static PairColumns Of(FileInfo file, BulkRow row, IReadOnlyList<string>? named, IReadOnlyList<(string First, string Second)> names)
    {
        if (named is not (null or { Count: 3 }))
            throw new InvalidDataFileException($"{file.Name}: --columns names {named.Count} columns; name first text, second text and score");
        if (named is [var first, var second, var score]) return Checked(file, row, new PairColumns(first, second, score));
        var bySimpleName = new Dictionary<string, string>();
        foreach (var column in row.Columns.Keys) bySimpleName.TryAdd(ColumnMapping.Simple(column), column);
        var pair = names.FirstOrDefault(pair => bySimpleName.ContainsKey(pair.First) && bySimpleName.ContainsKey(pair.Second));
        var label = ScoreNames.FirstOrDefault(bySimpleName.ContainsKey);
        return pair.First is not null && label is not null
            ? new PairColumns(bySimpleName[pair.First], bySimpleName[pair.Second], bySimpleName[label])
            : throw new InvalidDataFileException(
                $"{file.Name}: no column is plainly the first text, the second or their score; name them with --columns FIRST,SECOND,SCORE. {Listed(row)}");
    }

    /// <summary>For files with one text and a score in a row: <see cref="Second"/> is not used.</summary>
    /// <param name="named">Text, score.</param>
    /// <inheritdoc cref="Of" path="/exception"/>
    public static PairColumns OfOne(FileInfo file, BulkRow row, IReadOnlyList<string>? named, IReadOnlyList<string> names)
    {
        if (named is [var text, var score]) return Checked(file, row, new PairColumns(text, text, score));
        return Of(file, row, null, [.. names.Select(name => (name, name))]);
    }

    public static string Listed(BulkRow row) => $"It has: {string.Join(", ", row.Columns.Keys.Take(20).Select(Shown))}";

    private static PairColumns Checked(FileInfo file, BulkRow row, PairColumns columns)
    {
        foreach (var name in (string[])[columns.First, columns.Second, columns.Score])
            if (!row.Columns.ContainsKey(name)) throw LabelledRows.Bad(file, row, $"it has no column '{name}'. {Listed(row)}");
        return columns;
    }

    /// <summary>A file without a header has a text where names should be.</summary>
    private static string Shown(string name) => $"'{(name.Length <= 40 ? name : name[..40] + "...")}'";
}
