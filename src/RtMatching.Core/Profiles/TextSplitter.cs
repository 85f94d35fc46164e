using System.Text;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Core.Profiles;

/// <summary>Cuts a text into parts of at most so many tokens: at paragraphs, else lines, else words, else anywhere.</summary>
internal sealed class TextSplitter(ITokenizer tokenizer, int maxTokens)
{
    /// <summary>
    /// Bounds what one document can cost; at 512 tokens this is some 200 pages, and no CV. What comes after is left out of the vector.
    /// </summary>
    public const int MaxParts = 256;

    private static readonly string[] Separators = ["\n\n", "\n", " "];

    /// <summary>The text itself where it fits.</summary>
    public IReadOnlyList<TextPart> Split(string text)
    {
        if (Fits(text)) return [new TextPart(0, text)];
        var parts = new List<TextPart>();
        var part = new StringBuilder();
        var tokens = 0;
        foreach (var (piece, count) in Pieces(text, 0))
        {
            if (tokens + count > maxTokens && part.Length > 0) Close();
            if (parts.Count == MaxParts) return parts;
            part.Append(piece);
            tokens += count;
        }

        if (part.Length > 0) Close();
        return parts.Count > 0 ? parts : [new TextPart(0, "")];

        void Close()
        {
            if (!string.IsNullOrWhiteSpace(part.ToString())) parts.Add(new TextPart(0, part.ToString().Trim()));
            part.Clear();
            tokens = 0;
        }
    }

    /// <summary>A token of a byte-level vocabulary is at least one byte: a short text need not be tokenised to know.</summary>
    private bool Fits(string text) => Encoding.UTF8.GetByteCount(text) <= maxTokens || tokenizer.Encode(text).Length <= maxTokens;

    /// <summary>
    /// The text in pieces that fit, each with its tokens; end to end they are the text. Lazy, so that a huge text is not read to its
    /// end.
    /// </summary>
    private IEnumerable<(string Piece, int Tokens)> Pieces(string text, int level)
    {
        foreach (var piece in level < Separators.Length ? Cut(text, Separators[level]) : Halves(text))
        {
            // Counting a piece much longer than could fit would tokenise a huge text once per level.
            var tokens = piece.Length > maxTokens * 64L ? int.MaxValue : tokenizer.Encode(piece).Length;
            if (tokens <= maxTokens)
                yield return (piece, tokens);
            else
                foreach (var smaller in Pieces(piece, level + 1)) yield return smaller;
        }
    }

    /// <summary>A line keeps the break that ends it, a word the space before it: so tokenizers cut too, and the counts add up.</summary>
    private static IEnumerable<string> Cut(string text, string separator)
    {
        var kept = separator == " " ? 0 : separator.Length;
        for (var start = 0; start < text.Length;)
        {
            var at = text.IndexOf(separator, Math.Min(start + 1, text.Length), StringComparison.Ordinal);
            var end = at < 0 ? text.Length : at + kept;
            yield return text[start..end];
            start = end;
        }
    }

    /// <summary>
    /// Never between the two halves of a surrogate pair. One code point fits: the embedder leaves room for 16 tokens at least.
    /// </summary>
    private static IEnumerable<string> Halves(string text)
    {
        var middle = text.Length / 2;
        if (middle > 0 && char.IsLowSurrogate(text[middle]) && char.IsHighSurrogate(text[middle - 1])) middle--;
        if (middle > 0) yield return text[..middle];
        yield return text[middle..];
    }
}
