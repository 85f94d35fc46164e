using System.Buffers;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>A possible heading without what is drawn around its words.</summary>
internal static partial class HeadingText
{
    private static readonly SearchValues<char> Marks = SearchValues.Create(" \t\r\n\u00A0\u3000#*•·▪■◆●□○-–—_=|>:：【】[]《》()（）");

    /// <summary>Lower case, without numbering ("1.", "IV.", "三、"), bullets, rules and brackets.</summary>
    public static string Of(ReadOnlySpan<char> line)
    {
        var bare = Trim(line);
        foreach (var number in Numbering().EnumerateMatches(bare))
            bare = Trim(bare[number.Length..]);
        return bare.ToString().ToLowerInvariant();
    }

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text)
    {
        var start = text.IndexOfAnyExcept(Marks);
        return start < 0 ? [] : text[start..(text.LastIndexOfAnyExcept(Marks) + 1)];
    }

    [GeneratedRegex(@"^(?:\d{1,2}|[IVX]{1,4}|[一二三四五六七八九十]{1,2})[.、)）．]", RegexOptions.CultureInvariant)]
    private static partial Regex Numbering();
}
