using Microsoft.ML.Tokenizers;
using RtMatching.Inference.Tokenizer;
using PreTokenizerKind = RtMatching.Inference.Tokenizer.PreTokenizer;

namespace RtMatching.Torch;

/// <summary>Cuts out added tokens, and the text between them into words, with the scanners of our own tokenizer.</summary>
/// <remarks>
/// The library's RegexPreTokenizer cuts some texts otherwise than the models' own tokenizers: .NET's \p{L} and \p{N} see the halves of
/// a surrogate pair, which are neither, so an emoji before a letter or a letter beyond U+FFFF gets a word of its own; of two
/// added tokens that begin alike it takes the one named first, not the longer; and it has no pattern for SmolLM's digits.
/// A scanner needs no time limit either: it never goes back.
/// </remarks>
internal sealed class WordPreTokenizer(PreTokenizerKind kind, AddedTokenMatcher added) : Microsoft.ML.Tokenizers.PreTokenizer
{
    /// <summary>UTF-16 units: many times the longest word of any language, and merging one still is quick.</summary>
    private const int LongestWord = 1024;

    /// <summary>A word is too long for the library. Thrown from within its loop, the one way out of it.</summary>
    public sealed class LongWordException : Exception;

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    /// <exception cref="LongWordException">While the words are enumerated.</exception>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        foreach (var piece in added.Split(text))
        {
            for (int start = piece.Start, end; start < piece.End; start = end)
            {
                end = piece.Id is null ? WordScanner.WordEnd(kind, text.AsSpan(0, piece.End), start) : piece.End;
                if (piece.Id is null && end - start > LongestWord) throw new LongWordException();
                yield return (start, end - start);
            }
        }
    }
}

/// <summary>Unicode's form C of what stands between added tokens.</summary>
/// <remarks>
/// The library normalises before it looks for added tokens, the models' own tokenizers after it: a mark that follows a token must not
/// compose with the token's last letter. Not <see cref="string.Normalize()"/>: see <see cref="CanonicalComposition"/>.
/// </remarks>
internal sealed class ComposingNormalizer(AddedTokenMatcher added) : Normalizer
{
    public override string Normalize(ReadOnlySpan<char> original) => Normalize(original.ToString());

    public override string Normalize(string original)
    {
        if (ReferenceEquals(CanonicalComposition.Normalize(original), original))
            return original; // In form C, and so is every part of it.
        return string.Concat(added.Split(original).Select(piece => (piece.Id, Text: original[piece.Start..piece.End]))
            .Select(piece => piece.Id is null ? CanonicalComposition.Normalize(piece.Text) : piece.Text));
    }
}
