using System.Text;

namespace RtMatching.Inference.Pooling;

/// <summary>Words around a text: <c>Head + text + Tail</c>.</summary>
internal readonly record struct PromptTemplate(string Head, string Tail)
{
    public static readonly PromptTemplate Bare = new("", "");

    /// <summary>No space after "Query:", as Qwen3-Embedding was trained.</summary>
    public PromptTemplate After(string? instruction) =>
        instruction is null ? this : this with { Head = $"Instruct: {instruction}\nQuery:{Head}" };
}

/// <summary>One prompt in the languages that it is worded in.</summary>
internal sealed record Prompt(PromptTemplate English, PromptTemplate Chinese)
{
    /// <summary>The text alone.</summary>
    private static readonly Prompt[] None = [new(PromptTemplate.Bare, PromptTemplate.Bare)];

    private static readonly Prompt[] PromptEol =
        [new(new("This sentence : \"", "\" means in one word:\""), new("这句话：“", "”用一个词来表达就是：“"))];

    /// <summary>
    /// MetaEOL's: text classification, sentiment, paraphrase identification and information extraction, two each. Nearly all words stand
    /// before the text, where they are run once for all texts; what follows it is run for each.
    /// </summary>
    private static readonly Prompt[] MetaEol =
    [
        new(
            new("Sorting texts by subject: a librarian reads the text below and files it under the subject that it belongs to. Text: \"",
                "\" The subject in one word: \""),
            new("按主题归类：图书管理员阅读下面的文字，并把它归入所属的主题。文字：“", "”主题用一个词表示：“")),
        new(
            new("Naming the field: every text comes from some field of work or life, which its words give away. Text: \"",
                "\" Its field in one word: \""),
            new("判断领域：每段文字都来自工作或生活的某个领域，从用词便可看出。文字：“", "”领域用一个词表示：“")),
        new(
            new("Reading the mood: behind the words of a text stands a feeling of whoever wrote it, good or bad. Text: \"",
                "\" The feeling in one word: \""),
            new("体会情绪：文字背后有作者的感受，或好或坏。文字：“", "”感受用一个词表示：“")),
        new(
            new("Judging an opinion: a text can speak well of something, speak badly of it, or merely report. Text: \"",
                "\" Its attitude in one word: \""),
            new("判断态度：一段文字可能在称赞、批评，或者只是陈述。文字：“", "”态度用一个词表示：“")),
        new(
            new("Finding texts of equal meaning: two texts count as the same when they say the same thing in other words. Text: \"",
                "\" What must stay, in one word: \""),
            new("寻找同义文字：两段文字措辞不同而意思相同，就算一样。文字：“", "”必须保留的意思用一个词表示：“")),
        new(
            new("Saying it again: an editor rewrites the text from the beginning and keeps nothing but its meaning. Text: \"",
                "\" Its meaning in one word: \""),
            new("重新表述：编辑把文字从头改写，只保留它的意思。文字：“", "”它的意思用一个词表示：“")),
        new(
            new("Taking out the facts: an analyst notes down who or what a text is about before reading anything else. Text: \"",
                "\" What it is about, in one word: \""),
            new("提取信息：分析员首先记下文字所讲的人或事物。文字：“", "”所讲的对象用一个词表示：“")),
        new(
            new("Marking the key point: of everything that a text tells, one piece of information matters most to its reader. Text: \"",
                "\" The key point in one word: \""),
            new("标出要点：文字所说的内容中，有一条信息对读者最重要。文字：“", "”要点用一个词表示：“")),
    ];

    /// <summary>What the options put around a text: one vector comes of all of them.</summary>
    public static IReadOnlyList<Prompt> Of(EmbeddingOptions options) =>
        !options.UsesTemplate ? None : options.Pooling == PoolingKind.MetaEol ? MetaEol : PromptEol;

    public IEnumerable<PromptTemplate> Templates => [English, Chinese];

    /// <summary>In the text's language.</summary>
    public PromptTemplate For(string text) => HasChinese(text) ? Chinese : English;

    /// <summary>Whether any character is a Han ideograph (the unified blocks and the compatibility ones).</summary>
    internal static bool HasChinese(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsHan(rune)) return true;
        }

        return false;
    }

    private static bool IsHan(Rune rune) => rune.Value is
        (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);
}
