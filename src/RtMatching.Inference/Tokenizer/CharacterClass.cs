using System.Globalization;

namespace RtMatching.Inference.Tokenizer;

/// <summary>What the pre-tokenizers' patterns tell apart: \p{L}, \p{N}, \s and the rest.</summary>
internal enum CharacterClass : byte { Other, Letter, Number, Space }

/// <summary>Unicode's classes of a text's characters, surrogate pairs included.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] Basic = [.. Enumerable.Range(0, 0x10000).Select(c => Classify(c))];

    /// <summary>The class of the character at <paramref name="index"/>; <paramref name="length"/> is 1 or 2 UTF-16 units.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        var c = text[index];
        length = 1;
        if (!char.IsHighSurrogate(c) || index + 1 >= text.Length || !char.IsLowSurrogate(text[index + 1]))
            return Basic[c];
        length = 2;
        return Classify(char.ConvertToUtf32(c, text[index + 1]));
    }

    /// <summary>The end of the run of one class that begins at <paramref name="start"/>.</summary>
    /// <param name="limit">The most characters that are taken.</param>
    public static int RunEnd(ReadOnlySpan<char> text, int start, CharacterClass of, int limit = int.MaxValue)
    {
        var i = start;
        for (var count = 0; i < text.Length && count < limit; count++)
        {
            if (At(text, i, out var length) != of)
                break;
            i += length;
        }
        return i;
    }

    /// <summary>\w of Rust's regular expressions: what a single_word token may not touch.</summary>
    public static bool IsWordCharacter(int point) => CharUnicodeInfo.GetUnicodeCategory(point) switch
    {
        <= UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => true,
        // Joiners, and the circled and squared letters: symbols that Unicode calls alphabetic.
        _ => point is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
    };

    // White space is the 25 characters of Unicode's White_Space, all in the basic plane: exactly char.IsWhiteSpace.
    private static CharacterClass Classify(int point) => CharUnicodeInfo.GetUnicodeCategory(point) switch
    {
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => point < 0x10000 && char.IsWhiteSpace((char)point) ? CharacterClass.Space : CharacterClass.Other,
    };
}
