namespace RtMatching.Torch.Tests.Tokenizer;

/// <summary>Lines as a matching service meets them, and some as it had better not: the same lines for the same seed.</summary>
internal static class MadeUpLines
{
    /// <summary>What random lines are put together of; among them halves of surrogate pairs and letters beyond U+FFFF.</summary>
    private static readonly string[] Pieces =
    [
        "a", "Word", "é", "e\u0301", "\u0323", "\u0338", " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "7", "2019", "٣", "Ⅷ", "字", "工程师",
        "가", "\u1100\u1161\u11A8", "😀", "👩‍💻", "𠮷", "𝟙", "\uD83D", "\uDE00", "'s", "'LL", "\u2019s", "'\u017F", "<|", "<|endoftext|>",
        "Ω", "\u212B", "\u212A", "\0",
        "{", "=>", "://", "_", "...", "。",
    ];

    private static readonly string[] Titles =
        ["Senior engineer", "Nurse", "Warehouse lead", "高级工程师", "数据分析师", "Ingénieure", "Projektleiter (m/w/d)"];

    private static readonly string[] Places =
        ["Oakfield Pumps Ltd.", "Müller & Söhne GmbH", "明水泵业", "freelance", "St. Ann's Hospital", "C++/C# shop"];

    private static readonly string[] Deeds =
    [
        "cut costs by {0}%", "led a team of {0}", "didn't miss a release since {0}", "维护了{0}台服务器", "migrated {0} TB (Postgres {1}.{2})",
        "wrote for (int i = 0; i < {0}; i++) {{ run(x[i]); }}", "naïve Bayes, F1 = 0.{0}", "reached {0}+ users\t• 99.{1}% uptime",
    ];

    public static IReadOnlyList<string> Lines(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? CvLine(random) : Pieced(random))];
    }

    private static string Pieced(Random random) => string.Concat(random.GetItems(Pieces, random.Next(30)));

    private static string CvLine(Random random)
    {
        var year = random.Next(1990, 2026);
        var deeds = random.GetItems(Deeds, random.Next(1, 4))
            .Select(deed => string.Format(null, deed, random.Next(2000), random.Next(20), random.Next(10)));
        return $"{One(Titles, random)}, {One(Places, random)}, {random.Next(1, 13):00}/{year} – {year + random.Next(9)}:"
            + One([" ", "\n", "\n  - "], random) + string.Join(One([", ", "; ", "\n  - ", "；", " / "], random), deeds);
    }

    private static string One(string[] of, Random random) => of[random.Next(of.Length)];
}
