using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Core.Documents;

/// <summary>
/// One form for every text: NFC, lines ended by \n, single spaces, at most two empty lines in a row; no control, zero-width,
/// direction or private-use characters, no lone surrogates; ligatures spelt out, bullets as one sign.
/// </summary>
internal static partial class TextNormalization
{
    public static string Normalize(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (char.IsHighSurrogate(raw[i]) && i + 1 < raw.Length && char.IsLowSurrogate(raw[i + 1])) AppendPair(text, raw, i++);
            else Append(text, raw, i);
        }
        var composed = CanonicalComposition.Normalize(text.ToString());
        return Tidy(composed);
    }

    private static void AppendPair(StringBuilder text, string raw, int at)
    {
        var category = CharUnicodeInfo.GetUnicodeCategory(raw, at);
        if (category is UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Format) return;
        text.Append(raw, at, 2);
    }

    private static void Append(StringBuilder text, string raw, int at)
    {
        var c = raw[at];
        switch (c)
        {
            case '\n' or '\u2028' or '\u0085' or '\v': text.Append('\n'); break;
            case '\u2029': text.Append("\n\n"); break;
            case '\r': if (at + 1 >= raw.Length || raw[at + 1] != '\n') text.Append('\n'); break;
            case '\f': text.Append("\n\n"); break;
            case < '\u007f' and >= ' ': text.Append(c); break;
            case '\u00AD' or '\uFEFF': break;
            case '\u2010' or '\u2011': text.Append('-'); break;
            case '\uF0B7' or '\uF0A7' or '\uF076' or '\uF0D8' or '\uF0FC' or '\u25CF' or '\u25AA' or '\u25E6' or '\u2023' or '\u2043' or '\u25A0' or '\uF06E':
                text.Append('•'); break;
            case >= '\uFB00' and <= '\uFB06': text.Append(Ligatures[c - '\uFB00']); break;
            case '\uFFFE' or '\uFFFF': break;
            default: AppendByCategory(text, c); break;
        }
    }

    private static readonly string[] Ligatures = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"];

    private static void AppendByCategory(StringBuilder text, char c)
    {
        switch (char.GetUnicodeCategory(c))
        {
            case UnicodeCategory.Surrogate: text.Append('\uFFFD'); break;
            case UnicodeCategory.SpaceSeparator: text.Append(' '); break;
            case UnicodeCategory.Control: if (c == '\t') text.Append(' '); break;
            case UnicodeCategory.Format when !IsJoiner(c): break;
            case UnicodeCategory.PrivateUse: break;
            default: text.Append(c); break;
        }
    }

    /// <summary>Joiners spell words in Persian and in the scripts of India.</summary>
    private static bool IsJoiner(char c) => c is '\u200C' or '\u200D';

    /// <summary>PDFs often have a bullet, or a separator whose neighbours went elsewhere, on a line of its own.</summary>
    private static string Tidy(string text)
    {
        var tidy = new StringBuilder(text.Length);
        var empty = 0;
        var bullet = false;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var trimmed = line.Trim();
            if (trimmed.IsEmpty) empty++;
            if (trimmed is "•") bullet = true;
            if (trimmed.IsEmpty || trimmed is "•" or "|" or "·") continue;
            if (tidy.Length > 0) tidy.Append('\n', 1 + Math.Min(empty, 2));
            if (bullet && trimmed[0] != '•') tidy.Append("• ");
            (empty, bullet) = (0, false);
            AppendSingleSpaced(tidy, trimmed);
        }
        return DoubledHyphen().Replace(tidy.ToString(), "-");
    }

    private static void AppendSingleSpaced(StringBuilder tidy, ReadOnlySpan<char> line)
    {
        for (var i = 0; i < line.Length; i++)
            if (line[i] != ' ' || line[i - 1] != ' ') tidy.Append(line[i]);
    }

    /// <summary>Some PDF fonts map one drawn hyphen to two characters.</summary>
    [GeneratedRegex(@"(?<=\p{L})-{2,4}(?=\p{L})")]
    private static partial Regex DoubledHyphen();
}
