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

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    /// <exception cref="BeyondLibraryException">While the words are enumerated.</exception>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        foreach (var piece in added.Split(text))
        {
            for (int start = piece.Start, end; start < piece.End; start = end)
            {
                end = piece.Id is null ? WordScanner.WordEnd(kind, text.AsSpan(0, piece.End), start) : piece.End;
                if (piece.Id is null && end - start > LongestWord) throw new BeyondLibraryException();
                yield return (start, end - start);
            }
        }
    }
}

/// <summary>Normalises what stands between added tokens.</summary>
/// <remarks>
/// The library normalises before it looks for added tokens, the models' own tokenizers after it: a mark that follows a token must not
/// compose with the token's last letter, and what looks like a token only then is none.
/// </remarks>
internal sealed class PieceNormalizer(Normalization normalization, AddedTokenMatcher added) : Normalizer
{
    public override string Normalize(ReadOnlySpan<char> original) => Normalize(original.ToString());

    /// <exception cref="BeyondLibraryException">The library would find another added token in what this gives.</exception>
    public override string Normalize(string original)
    {
        if (ReferenceEquals(normalization.Apply(original), original))
            return original; // And so is every part of it.
        var pieces = added.Split(original)
            .Select(piece => (piece.Id, Text: original[piece.Start..piece.End]))
            .Select(piece => piece.Id is null ? piece with { Text = normalization.Apply(piece.Text) } : piece).ToList();
        var normalized = string.Concat(pieces.Select(piece => piece.Text));
        return added.Split(normalized).Select(piece => (piece.Id, normalized[piece.Start..piece.End])).SequenceEqual(pieces)
            ? normalized : throw new BeyondLibraryException();
    }
}

/// <summary>A text that the library would read otherwise, or take minutes for. Thrown from within its loop, the one way out of it.</summary>
internal sealed class BeyondLibraryException : Exception;
