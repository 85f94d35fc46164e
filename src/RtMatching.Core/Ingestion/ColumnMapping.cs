using System.Text.Json.Serialization;

namespace RtMatching.Core.Ingestion;

/// <summary>Which columns of a bulk file mean what. What is left out is recognised by common names.</summary>
public sealed record ColumnMapping
{
    // The column that is the whole document, in order of preference.
    private static readonly string[] TextNames =
        ["text", "resume", "resumetext", "resumestr", "cv", "cvtext", "content", "body", "fulltext", "jobtext"];

    // Columns that are parts of it: joined, in the file's order, where there is none of the above.
    private static readonly HashSet<string> PartNames =
    [
        "title", "tittle", "jobtitle", "headline", "summary", "description", "jobdescription", "jobdescriptions", "jobdesc",
        "responsibilities", "requirements", "jobrequirements", "jobrequirment", "qualifications", "requiredqualifications", "requiredqual",
        "skills", "experience", "education",
    ];

    private static readonly string[] IdNames =
        ["id", "externalid", "documentid", "docid", "resumeid", "cvid", "jobid", "jobdescriptionid", "uuid"];
    private static readonly string[] TagNames = ["tags", "tag", "category", "categories"];
    private static readonly string[] LocationNames = ["location", "city"];
    private static readonly string[] LanguageNames = ["language", "lang"];
    private static readonly string[] DateNames = ["date", "datedon", "updatedat", "createdat", "posted", "postedat"];

    public string? Id { get; init; }

    /// <summary>Joined with an empty line between them.</summary>
    public IReadOnlyList<string> Text { get; init; } = [];
    public string? Tags { get; init; }
    public string? Location { get; init; }
    public string? Language { get; init; }
    public string? Date { get; init; }

    /// <summary>Every column that is named.</summary>
    [JsonIgnore]
    public IEnumerable<string> Columns =>
        new[] { Id, Tags, Location, Language, Date }.OfType<string>().Concat(Text);

    /// <summary>
    /// Reads <c>id=ID,text=Title+Description,tags=Category,location=...,language=...,date=...</c>; several text columns with + or a
    /// repeated <c>text=</c>.
    /// </summary>
    /// <exception cref="FormatException">Not of that form; the message says where.</exception>
    public static ColumnMapping Parse(string mapping)
    {
        var result = new ColumnMapping();
        foreach (var pair in mapping.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (field, column) = pair.Split('=', 2, StringSplitOptions.TrimEntries) is [var f, { Length: > 0 } c]
                ? (f.ToLowerInvariant(), c)
                : throw new FormatException($"Mapping: '{pair}' is not field=COLUMN, for example id=ID,text=Resume_str,tags=Category.");
            result = result.With(field, column);
        }

        return result;
    }

    private ColumnMapping With(string field, string column) => field switch
    {
        "id" => this with { Id = column },
        "text" => this with { Text = [.. Text, .. column.Split('+', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] },
        "tags" or "tag" => this with { Tags = column },
        "location" => this with { Location = column },
        "language" => this with { Language = column },
        "date" => this with { Date = column },
        _ => throw new FormatException($"Mapping: there is no field '{field}'; fields are id, text, tags, location, language, date."),
    };

    /// <summary>This mapping, with what it leaves out filled in from <paramref name="columns"/> by common names.</summary>
    public ColumnMapping Completed(IReadOnlyCollection<string> columns)
    {
        var byName = new Dictionary<string, string>();
        foreach (var column in columns) byName.TryAdd(Simple(column), column);
        return new ColumnMapping
        {
            Id = Id ?? First(IdNames),
            Text = Text.Count > 0 ? Text : First(TextNames) is { } whole ? [whole] : [.. columns.Where(c => PartNames.Contains(Simple(c)))],
            Tags = Tags ?? First(TagNames),
            Location = Location ?? First(LocationNames),
            Language = Language ?? First(LanguageNames),
            Date = Date ?? First(DateNames),
        };

        string? First(string[] names) =>
            names.Select(name => byName.GetValueOrDefault(name)).FirstOrDefault(column => column is not null);
    }

    /// <summary>Resume_str, resume str and ResumeStr are one name.</summary>
    internal static string Simple(string column) => string.Concat(column.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
