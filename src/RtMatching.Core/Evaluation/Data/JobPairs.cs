using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>The texts of a job and a CV and how well people said that they match.</summary>
public sealed record JobPair(string Job, string Cv, double Score);

/// <summary>Where the texts of labelled job-CV pairs come from.</summary>
public sealed record JobPairReading
{
    /// <summary>Null: as the content shows.</summary>
    public PairFormat? Format { get; init; }

    /// <summary>Job, CV, score; or job, score where <see cref="Cv"/> is given. Null: by common names.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>A file of jobs with ids that the pairs name; null where the pairs hold the texts.</summary>
    public string? Jobs { get; init; }

    /// <summary>Likewise, of CVs.</summary>
    public string? Cvs { get; init; }

    /// <summary>A text file: the one CV of all pairs.</summary>
    public string? Cv { get; init; }
    public int? Limit { get; init; }
}

/// <param name="Name">The file's.</param>
public sealed record JobPairs(string Name, IReadOnlyList<JobPair> Pairs)
{
    private static readonly IReadOnlyList<string> JobNames = [.. PairColumns.JobNames.Select(pair => pair.First).Distinct(), "text"];

    /// <summary>The first line names a job and a CV, as <see cref="PairColumns.JobNames"/> calls them.</summary>
    /// <exception cref="InvalidDataFileException">It is empty or binary.</exception>
    public static async Task<bool> AreInAsync(string path, CancellationToken cancellation = default)
    {
        var line = await LabelledRows.FirstLineAsync(new FileInfo(path), cancellation);
        var names = line.Split(['\t', ',', ';', '|', '"', '{', '}', ':']).Select(ColumnMapping.Simple).ToHashSet(StringComparer.Ordinal);
        return PairColumns.JobNames.Any(pair => names.Contains(pair.First) && names.Contains(pair.Second));
    }

    /// <exception cref="InvalidDataFileException">A file cannot be read, an id is not in its file, or all scores are the same.</exception>
    public static async Task<JobPairs> ReadAsync(string path, JobPairReading? reading = null, CancellationToken cancellation = default)
    {
        reading ??= new JobPairReading();
        var file = new FileInfo(path);
        var format = reading.Format ?? PairFormats.Recognise(await LabelledRows.FirstLineAsync(file, cancellation), named: true, file.Name);
        var jobs = await ByIdAsync(reading.Jobs, cancellation);
        var cvs = await ByIdAsync(reading.Cvs, cancellation);
        var cv = reading.Cv is null ? null : await LabelledRows.TextAsync(new FileInfo(reading.Cv), cancellation);
        var pairs = new List<JobPair>();
        PairColumns? columns = null;
        await foreach (var row in LabelledRows.ReadAsync(file, format, cancellation))
        {
            columns ??= cv is null
                ? PairColumns.Of(file, row, reading.Columns, PairColumns.JobNames)
                : PairColumns.OfOne(file, row, reading.Columns, JobNames);
            pairs.Add(new JobPair(Text(file, row, columns.First, jobs, "--jobs"), cv ?? Text(file, row, columns.Second, cvs, "--cvs"),
                PairFile.Score(file, row, columns.Score)));
            if (pairs.Count == reading.Limit) break;
        }

        PairFile.CheckScores(file.Name, [.. pairs.Select(pair => pair.Score)], reading.Limit);
        return new JobPairs(file.Name, pairs);
    }

    private static async Task<Dictionary<string, string>?> ByIdAsync(string? path, CancellationToken cancellation) => path is null
        ? null
        : (await TextFile.ReadAsync(path, cancellation: cancellation)).ToDictionary(text => text.Id, text => text.Text, StringComparer.Ordinal);

    private static string Text(FileInfo file, BulkRow row, string column, Dictionary<string, string>? byId, string option)
    {
        var text = PairFile.Text(file, row, column);
        if (byId is null) return text;
        if (!byId.TryGetValue(text.Trim(), out var found)) throw LabelledRows.Bad(file, row, $"the id in its column '{column}' is not in the file of {option}");
        return string.IsNullOrWhiteSpace(found)
            ? throw LabelledRows.Bad(file, row, $"the text of the id in its column '{column}' is empty in the file of {option}; remove the pair")
            : found;
    }
}
