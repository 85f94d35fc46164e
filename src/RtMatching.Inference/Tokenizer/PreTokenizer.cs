namespace RtMatching.Inference.Tokenizer;

/// <summary>How a text is cut into words, each of which is merged on its own.</summary>
internal enum PreTokenizer
{
    /// <summary><c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c></summary>
    Gpt2,

    /// <summary>Every number character alone, then GPT-2's pattern on what lies between.</summary>
    SmolLm,

    /// <summary>
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
    /// </summary>
    Llama3,

    /// <summary>Llama-3's with <c>\p{N}</c>: every number character alone. Qwen2 and Qwen3.</summary>
    Qwen2,
}

/// <summary>The patterns of <see cref="PreTokenizer"/> as scanners without backtracking: linear in the length of any text.</summary>
/// <remarks>The branches stand in the order of the patterns' alternatives, because the first that matches wins.</remarks>
internal static class WordScanner
{
    /// <summary>The end of the word that begins at <paramref name="start"/>; always beyond it.</summary>
    public static int WordEnd(PreTokenizer kind, ReadOnlySpan<char> text, int start) => kind switch
    {
        PreTokenizer.Gpt2 => Gpt2WordEnd(text, start, digitsAlone: false),
        PreTokenizer.SmolLm => Gpt2WordEnd(text, start, digitsAlone: true),
        PreTokenizer.Llama3 => Llama3WordEnd(text, start, longestNumber: 3),
        PreTokenizer.Qwen2 => Llama3WordEnd(text, start, longestNumber: 1),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static int Gpt2WordEnd(ReadOnlySpan<char> text, int start, bool digitsAlone)
    {
        var contraction = ContractionEnd(text, start, anyCase: false);
        if (contraction > start)
            return contraction;
        var first = CharacterClasses.At(text, start, out var length);
        if (digitsAlone && first == CharacterClass.Number)
            return start + length;
        if (text[start] == ' ' && start + 1 < text.Length)
        {
            var second = CharacterClasses.At(text, start + 1, out _);
            if (second != CharacterClass.Space && !(digitsAlone && second == CharacterClass.Number))
                return CharacterClasses.RunEnd(text, start + 1, second);
        }
        return first == CharacterClass.Space
            ? SpaceEnd(text, start, numberEndsText: digitsAlone)
            : CharacterClasses.RunEnd(text, start, first);
    }

    private static int Llama3WordEnd(ReadOnlySpan<char> text, int start, int longestNumber)
    {
        var contraction = ContractionEnd(text, start, anyCase: true);
        if (contraction > start)
            return contraction;
        var first = CharacterClasses.At(text, start, out var length);
        if (first == CharacterClass.Letter)
            return CharacterClasses.RunEnd(text, start, CharacterClass.Letter);
        if (first == CharacterClass.Number)
            return CharacterClasses.RunEnd(text, start, CharacterClass.Number, longestNumber);

        var second = start + length < text.Length ? CharacterClasses.At(text, start + length, out _) : CharacterClass.Space;
        if (second == CharacterClass.Letter && text[start] is not ('\r' or '\n'))
            return CharacterClasses.RunEnd(text, start + length, CharacterClass.Letter);
        if (first == CharacterClass.Other || (text[start] == ' ' && second == CharacterClass.Other))
            return NewLinesEnd(text, CharacterClasses.RunEnd(text, start + (text[start] == ' ' ? 1 : 0), CharacterClass.Other));
        return LinesEnd(text, start) is var lines && lines > start ? lines : SpaceEnd(text, start, numberEndsText: false);
    }

    /// <summary><c>\s+(?!\S)|\s+</c>: the last space before a word stays with the word, unless it is the only one.</summary>
    /// <param name="numberEndsText">Numbers were cut out beforehand, so that the text ends before one.</param>
    private static int SpaceEnd(ReadOnlySpan<char> text, int start, bool numberEndsText)
    {
        var end = CharacterClasses.RunEnd(text, start, CharacterClass.Space);
        if (end == text.Length || end == start + 1)
            return end;
        return numberEndsText && CharacterClasses.At(text, end, out _) == CharacterClass.Number ? end : end - 1;
    }

    /// <summary><c>\s*[\r\n]+</c>: up to the last line break of the white space; <paramref name="start"/> where it has none.</summary>
    private static int LinesEnd(ReadOnlySpan<char> text, int start)
    {
        var end = CharacterClasses.RunEnd(text, start, CharacterClass.Space);
        return start + text[start..end].LastIndexOfAny('\r', '\n') + 1;
    }

    private static int NewLinesEnd(ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length && text[start] is '\r' or '\n')
            start++;
        return start;
    }

    /// <summary><c>'s|'t|'re|'ve|'m|'ll|'d</c>; <paramref name="start"/> where none begins there.</summary>
    private static int ContractionEnd(ReadOnlySpan<char> text, int start, bool anyCase)
    {
        if (text[start] != '\'' || start + 1 >= text.Length)
            return start;
        var first = Fold(text[start + 1], anyCase);
        if (first is 's' or 't' or 'm' or 'd')
            return start + 2;
        var second = start + 2 < text.Length ? Fold(text[start + 2], anyCase) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? start + 3 : start;
    }

    // U+017F, the long s, is the one character beyond ASCII that folds to a letter of these.
    private static char Fold(char c, bool anyCase) => anyCase ? c == '\u017F' ? 's' : char.ToLowerInvariant(c) : c;
}
