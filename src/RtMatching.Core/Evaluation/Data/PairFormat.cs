namespace RtMatching.Core.Evaluation.Data;

/// <summary>How a file of labelled pairs is written.</summary>
public enum PairFormat
{
    /// <summary>STS benchmark, English: tab-separated with a header that names sentence1, sentence2 and score (as GLUE and SentEval's re-issues do).</summary>
    StsbEn,

    /// <summary>STS benchmark, Chinese (CNSD): id||sentence||sentence||score, no header.</summary>
    StsbZh,

    /// <summary>PAWS-X: tab-separated with a header that names sentence1, sentence2 and label.</summary>
    Pawsx,

    /// <summary>LCQMC and AFQMC: sentence, sentence, label; tab-separated, no header.</summary>
    Lcqmc,

    /// <summary>Microsoft Research Paraphrase Corpus: tab-separated with the header Quality, #1 ID, #2 ID, #1 String, #2 String.</summary>
    Msrp,

    /// <summary>JSON Lines with named columns.</summary>
    Jsonl,

    /// <summary>With a header and quotes (RFC 4180); separated by , ; | or tab.</summary>
    Csv,

    /// <summary>With a header, separated by tabs; a quotation mark is only itself.</summary>
    Tsv,
}

/// <summary>The formats' names and the signs by which content gives them away.</summary>
public static class PairFormats
{
    public static string Name(this PairFormat format) => format switch
    {
        PairFormat.StsbEn => "stsb-en",
        PairFormat.StsbZh => "stsb-zh",
        _ => format.ToString().ToLowerInvariant(),
    };

    public static string Names => string.Join(", ", Enum.GetValues<PairFormat>().Select(format => format.Name()));

    public static PairFormat? Find(string name) =>
        Enum.GetValues<PairFormat>().Cast<PairFormat?>().FirstOrDefault(format => format!.Value.Name() == name.ToLowerInvariant());

    /// <param name="firstLine">Of the file, without its line end and byte order mark.</param>
    /// <param name="named">The caller names the columns, so the first line is a header.</param>
    internal static PairFormat Recognise(string firstLine, bool named, string source)
    {
        var start = firstLine.TrimStart();
        if (start.StartsWith('{')) return PairFormat.Jsonl;
        if (start.StartsWith('['))
            throw new InvalidDataFileException($"{source}: it is one JSON array; write one object a line, for example with: jq -c '.[]'");
        if (firstLine.Split("||").Length == 4) return PairFormat.StsbZh;
        return firstLine.Contains('\t') ? RecogniseTabs(firstLine.Split('\t'), named) : PairFormat.Csv;
    }

    private static PairFormat RecogniseTabs(string[] fields, bool named)
    {
        bool Has(params string[] names) => names.All(name => fields.Any(field => field.Trim().Equals(name, StringComparison.OrdinalIgnoreCase)));
        if (named) return PairFormat.Tsv;
        if (Has("Quality", "#1 String", "#2 String")) return PairFormat.Msrp;
        if (Has("sentence1", "sentence2", "score")) return PairFormat.StsbEn;
        if (Has("sentence1", "sentence2", "label")) return PairFormat.Pawsx;
        return fields.Length == 3 && Scores.Parse(fields[2]) is not null ? PairFormat.Lcqmc : PairFormat.Tsv;
    }
}
