using System.Text;

namespace RtMatching.Inference.Pooling;

/// <summary>Words around a text: <c>Head + text + Tail</c>.</summary>
internal sealed record PromptTemplate(string Head, string Tail)
{
    private static readonly PromptTemplate Bare = new("", "");
    private static readonly PromptTemplate English = new("This sentence : \"", "\" means in one word:\"");
    private static readonly PromptTemplate Chinese = new("这句话：“", "”用一个词来表达就是：“");

    /// <summary>What the options put around <paramref name="text"/>: the instruction, then the pooling's own template in the text's language.</summary>
    public static PromptTemplate For(string text, EmbeddingOptions options)
    {
        var template = !options.UsesTemplate ? Bare : HasChinese(text) ? Chinese : English;
        return options.Instruction is null
            ? template
            : template with { Head = $"Instruct: {options.Instruction}\nQuery:{template.Head}" };   // no space after "Query:"
    }

    /// <summary>Whether any character is a Han ideograph (the unified blocks and the compatibility ones).</summary>
    private static bool HasChinese(string text)
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
