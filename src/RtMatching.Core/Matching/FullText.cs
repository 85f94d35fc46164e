using System.Text;

namespace RtMatching.Core.Matching;

/// <summary>How texts become lexemes, the same for what is stored and what is asked.</summary>
public static class FullText
{
    /// <summary>
    /// PostgreSQL's text search configuration: English stems and stop words. Words of other scripts pass through it as they are.
    /// </summary>
    public const string Configuration = "english";

    // A tsvector holds at most 2^20 bytes of lexemes and positions; so much UTF-8 stays below that however it is cut into words.
    private const int MaxBytes = 400_000;

    // Longer runs of letters are encoded data, not words.
    private const int MaxWord = 64;

    /// <summary>
    /// What <c>to_tsvector(Configuration, ...)</c> is given for <paramref name="text"/>: lower-case words between single spaces. Runs of
    /// Chinese characters and kana become overlapping pairs, because nothing separates their words; C++, C#, F#, .NET and names like
    /// Node.js become words of letters, because PostgreSQL's parser would leave C, net and a host name of them.
    /// </summary>
    public static string Prepare(string text)
    {
        var prepared = new StringBuilder(Math.Min(text.Length, MaxBytes) + 16);
        var bytes = 0;
        foreach (var word in Words(text))
        {
            bytes += Encoding.UTF8.GetByteCount(word) + 1;
            if (bytes > MaxBytes) break;
            if (prepared.Length > 0) prepared.Append(' ');
            prepared.Append(word);
        }

        return prepared.ToString();
    }

    /// <summary>The words that <see cref="Prepare"/> joins, in order, each as often as it occurs.</summary>
    internal static IEnumerable<string> Words(string text)
    {
        var position = 0;
        while (position < text.Length)
        {
            var rune = RuneAt(text, position, out var length);
            if (IsPaired(rune))
            {
                var pairs = Pairs(text, position, out position);
                foreach (var pair in pairs) yield return pair;
            }
            else if (Rune.IsLetterOrDigit(rune) || IsMark(rune))
            {
                var next = WordEnd(text, position);
                if (next - position <= MaxWord) yield return Spelled(text, position, ref next);
                position = next;
            }
            else if (rune.Value == '.' && IsDotNet(text, position))
            {
                yield return "dotnet";
                position += ".net".Length;
            }
            else
            {
                position += length;
            }
        }
    }

    /// <summary>A word of <see cref="Words"/> as a person writes it.</summary>
    internal static string Spelling(string word) => word switch
    {
        "cplusplus" => "C++", "csharp" => "C#", "fsharp" => "F#", "dotnet" => ".NET", _ => word,
    };

    /// <summary>Lower case, ASCII for full-width letters; takes in what belongs to the name of a language or library.</summary>
    private static string Spelled(string text, int start, ref int end)
    {
        var word = Narrow(text[start..end]).ToLowerInvariant();
        if (word == "c" && text.AsSpan(end).StartsWith("++"))
        {
            end += 2;
            return "cplusplus";
        }

        if (word is "c" or "f" && text.AsSpan(end).StartsWith("#"))
        {
            end += 1;
            return word + "sharp";
        }

        foreach (var suffix in (ReadOnlySpan<string>)[".js", ".net"])
        {
            if (!text.AsSpan(end).StartsWith(suffix, StringComparison.OrdinalIgnoreCase) || IsWordAt(text, end + suffix.Length)) continue;
            end += suffix.Length;
            return word + suffix[1..];
        }

        return word;
    }

    private static bool IsDotNet(string text, int position) =>
        text.AsSpan(position).StartsWith(".net", StringComparison.OrdinalIgnoreCase) && !IsWordAt(text, position + ".net".Length);

    private static bool IsWordAt(string text, int position) =>
        position < text.Length && Rune.IsLetterOrDigit(RuneAt(text, position, out _));

    private static int WordEnd(string text, int position)
    {
        while (position < text.Length)
        {
            var rune = RuneAt(text, position, out var length);
            if (IsPaired(rune) || !(Rune.IsLetterOrDigit(rune) || IsMark(rune))) break;
            position += length;
        }

        return position;
    }

    /// <summary>一二三 becomes 一二 and 二三; a character alone stays alone.</summary>
    private static List<string> Pairs(string text, int start, out int end)
    {
        var characters = new List<string>();
        end = start;
        while (end < text.Length && RuneAt(text, end, out var length) is var rune && IsPaired(rune))
        {
            characters.Add(rune.ToString());
            end += length;
        }

        return characters.Count == 1 ? characters : [.. characters.Zip(characters.Skip(1), string.Concat)];
    }

    // Half of a surrogate pair alone becomes U+FFFD, which is no letter.
    private static Rune RuneAt(string text, int position, out int length)
    {
        Rune.DecodeFromUtf16(text.AsSpan(position), out var rune, out length);
        return rune;
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    private static bool IsPaired(Rune rune) => rune.Value is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x3FFFF)   // Han
        or (>= 0xF900 and <= 0xFAFF) or 0x3005 or 0x3007                                        // compatibility, repetition, zero
        or (>= 0x3041 and <= 0x30FF);                                                           // kana

    private static string Narrow(string word) =>
        word.AsSpan().ContainsAnyInRange('\uFF01', '\uFF5E')
            ? string.Create(word.Length, word, static (target, source) =>
            {
                for (var i = 0; i < source.Length; i++)
                    target[i] = source[i] is >= '\uFF01' and <= '\uFF5E' ? (char)(source[i] - 0xFEE0) : source[i];
            })
            : word;
}
