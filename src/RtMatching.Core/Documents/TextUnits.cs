using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>
/// A text's lines brought together to what was one item or one paragraph before the page's width broke it: a bullet with its
/// continuation lines, a paragraph's lines, a run of short lines (the head of an entry).
/// </summary>
internal static partial class TextUnits
{
    /// <summary>Lines at least this share of the usual full line's length were broken by the page, not by the writer.</summary>
    private const double FullLine = 0.6;

    /// <summary>Shorter texts have no line that a page's width broke.</summary>
    private const int MinWrapLength = 45;

    private const int ShortLine = 60;

    private const int MaxShortRun = 200;

    /// <param name="isLeftOut">Lines that belong to no unit, and end the one before.</param>
    public static List<TextLine> Find(string text, int start, int end, Func<TextLine, bool>? isLeftOut = null)
    {
        var lines = Lines(text, start, end);
        if (isLeftOut is not null) lines = lines.ConvertAll(line => isLeftOut(line) ? line with { Length = 0 } : line);
        var width = UsualWidth(lines);
        var units = new List<TextLine>();
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].IsBlank) continue;
            var (unit, heading) = (lines[i], SectionHeadings.Of(lines[i].Of(text)) is not null);
            while (!heading && i + 1 < lines.Count && !lines[i + 1].IsBlank && Belongs(text, unit, lines[i], lines[i + 1], width))
            {
                i++;
                unit = unit with { Length = lines[i].End - unit.Start };
            }
            units.Add(unit);
        }
        return units;
    }

    public static bool IsBullet(ReadOnlySpan<char> line) => Bullet().IsMatch(line);

    /// <summary>The item's text without its bullet.</summary>
    public static TextLine WithoutBullet(string text, TextLine unit)
    {
        foreach (var match in Bullet().EnumerateMatches(unit.Of(text)))
            return TextLine.Trimmed(text, unit.Start + match.Length, unit.End);
        return unit;
    }

    private static List<TextLine> Lines(string text, int start, int end)
    {
        var lines = new List<TextLine>();
        for (var at = start; at <= end;)
        {
            var next = at < end ? text.IndexOf('\n', at, end - at) : -1;
            if (next < 0) next = end;
            lines.Add(TextLine.Trimmed(text, at, next));
            at = next + 1;
        }
        return lines;
    }

    /// <summary>The 90th percentile of the lengths.</summary>
    private static int UsualWidth(List<TextLine> lines)
    {
        var lengths = lines.Where(line => !line.IsBlank).Select(line => line.Length).Order().ToList();
        return lengths.Count == 0 ? 0 : lengths[(int)((lengths.Count - 1) * 0.9)];
    }

    private static bool Belongs(string text, TextLine unit, TextLine last, TextLine line, int width)
    {
        var next = line.Of(text);
        if (IsBullet(next) || SectionHeadings.Of(next) is not null || SectionHeadings.OfLabel(next) is not null) return false;
        var wrapped = last.Length >= MinWrapLength && last.Length >= FullLine * width
            && (!EndsSentence(text[last.End - 1]) || text[last.End - 1] is ':' or '：');
        var continues = char.IsLower(next[0]) || next[0] is ',' or ')' or '&' || text[last.End - 1] is ',' or '-' or '，' or '、';
        if (wrapped || (continues && last.Length >= 20)) return true;
        if (EndsSentence(text[last.End - 1]) && last.Length >= FullLine * width && last.Length >= MinWrapLength && !IsBullet(unit.Of(text)))
            return line.Length >= MinWrapLength;
        return line.Length <= ShortLine && !next.ContainsAny(':', '：') && last.Length <= ShortLine && !IsBullet(unit.Of(text)) && !EndsSentence(text[last.End - 1])
            && line.End - unit.Start <= MaxShortRun;
    }

    private static bool EndsSentence(char c) => c is '.' or '!' or '?' or ';' or ':' or '。' or '！' or '？' or '；' or '：';

    [GeneratedRegex(@"^(?:[-–—*•·▪■◆●○►▶➢✓✔√◦∙⁃‣>+o]\s+|[-–—*](?=\p{Lu}\p{Ll})|[•·▪■◆●○►▶➢✓✔√◦]|\(?\d{1,2}[.)、）]\s*(?=\D)|[一二三四五六七八九十]{1,2}[、.]\s*|[①-⑳]\s*)")]
    private static partial Regex Bullet();
}
