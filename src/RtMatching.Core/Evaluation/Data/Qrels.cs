using RtMatching.Core.Ingestion;

namespace RtMatching.Core.Evaluation.Data;

/// <summary>One judgement of relevance.</summary>
/// <param name="Grade">0 and below: not relevant.</param>
public sealed record Qrel(string Query, string Document, double Grade);

/// <summary>
/// Judgements of relevance, as BEIR writes them (query-id, corpus-id, score; tab-separated, with or without a header) or as TREC does
/// (query, iteration, document, grade; separated by blanks: https://trec.nist.gov/data/qrels_eng/).
/// </summary>
internal static class Qrels
{
    private const int MaxLineLength = 1 << 16;
    private const int HeaderLine = 1;

    public static async Task<IReadOnlyList<Qrel>> ReadAsync(string path, CancellationToken cancellation)
    {
        var file = new FileInfo(path);
        await LabelledRows.FirstLineAsync(file, cancellation);
        await using var stream = LabelledRows.Open(file);
        var judged = new Dictionary<(string, string), Qrel>();
        await foreach (var (number, line) in BoundedLines.ReadAsync(stream, MaxLineLength, cancellation))
        {
            if (line is not null && string.IsNullOrWhiteSpace(line)) continue;
            if (Parse(line ?? "") is not { } qrel)
            {
                if (number == HeaderLine) continue;
                throw Bad(file, number, "it is neither 'query-id<tab>corpus-id<tab>score' nor TREC's 'query 0 document grade'; correct it");
            }

            if (!judged.TryAdd((qrel.Query, qrel.Document), qrel)) throw Bad(file, number, "this query and document were judged before; keep one line of them");
        }

        return judged.Count > 0 ? [.. judged.Values] : throw new InvalidDataFileException($"{file.Name}: it has no judgements");
    }

    private static Qrel? Parse(string line)
    {
        var fields = line.Contains('\t')
            ? line.Split('\t', StringSplitOptions.TrimEntries)
            : line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return fields switch
        {
            [{ Length: > 0 } query, { Length: > 0 } document, var grade] when Scores.Parse(grade) is { } value => new Qrel(query, document, value),
            [{ Length: > 0 } query, _, { Length: > 0 } document, var grade] when Scores.Parse(grade) is { } value => new Qrel(query, document, value),
            _ => null,
        };
    }

    private static InvalidDataFileException Bad(FileInfo file, long line, string what) => new($"{file.Name}, line {line}: {what}");
}
