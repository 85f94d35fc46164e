using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>Cuts a long unit into pieces of a sentence or a few.</summary>
internal static partial class Sentences
{
    /// <summary>Pieces in order, each at most <paramref name="max"/> long where the text has any place to cut; <paramref name="join"/> packs short sentences together.</summary>
    public static IEnumerable<TextLine> Split(string text, TextLine unit, int max, bool join)
    {
        TextLine? open = null;
        foreach (var sentence in Cut(text, unit).SelectMany(sentence => Shorten(text, sentence, max)))
        {
            if (join && open is { } before && sentence.End - before.Start <= max)
            {
                open = new TextLine(before.Start, sentence.End - before.Start);
                continue;
            }
            if (open is { } done) yield return done;
            open = sentence;
        }
        if (open is { } rest) yield return rest;
    }

    private static List<TextLine> Cut(string text, TextLine unit)
    {
        var pieces = new List<TextLine>();
        var start = unit.Start;
        foreach (var end in End().EnumerateMatches(unit.Of(text)))
        {
            Add(pieces, text, start, unit.Start + end.Index + end.Length);
            start = unit.Start + end.Index + end.Length;
        }
        Add(pieces, text, start, unit.End);
        return pieces;
    }

    private static void Add(List<TextLine> pieces, string text, int start, int end)
    {
        var piece = TextLine.Trimmed(text, start, end);
        if (!piece.IsBlank) pieces.Add(piece);
    }

    /// <summary>A sentence beyond the limit is cut at its last semicolon, comma or space before it.</summary>
    private static IEnumerable<TextLine> Shorten(string text, TextLine sentence, int max)
    {
        while (sentence.Length > max)
        {
            var cut = Place(text.AsSpan(sentence.Start, max));
            yield return TextLine.Trimmed(text, sentence.Start, sentence.Start + cut);
            sentence = TextLine.Trimmed(text, sentence.Start + cut, sentence.End);
        }
        if (!sentence.IsBlank) yield return sentence;
    }

    private static int Place(ReadOnlySpan<char> window)
    {
        foreach (var marks in new[] { ";；\n", ",，、", " " })
        {
            var at = window.LastIndexOfAny(marks);
            if (at > window.Length / 3) return at + 1;
        }
        return char.IsHighSurrogate(window[^1]) ? window.Length - 1 : window.Length;
    }

    /// <summary>A stop before white space and a capital (not after an abbreviation or an initial), before a capital glued to it, or a Chinese stop.</summary>
    [GeneratedRegex(@"(?<!\b(?:e\.g|i\.e|etc|vs|Dr|Mr|Ms|Mrs|Prof|Inc|Ltd|Co|Corp|St|No|approx|dept|Univ|\p{Lu}))[.!?]+[""'”’)]?(?=\s+[\p{Lu}\p{N}""“(•-]|(?<=\p{Ll}[.!?])\p{Lu}\p{Ll})|[。！？]+[”’」）]?|;\s*(?=\n)| {4,}")]
    private static partial Regex End();
}
