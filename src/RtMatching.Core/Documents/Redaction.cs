using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>Where a text names or lets one reach a person, and the text without that.</summary>
internal static partial class Redaction
{
    /// <summary>A document is redacted passage by passage: what was found in the whole is kept as long as the text itself.</summary>
    private static readonly ConditionalWeakTable<string, IReadOnlyList<TextLine>> Found = [];

    /// <summary>The range without what is private in it; lines that lose something lose their leftover labels and separators too.</summary>
    public static string Redact(string text, int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, text.Length - start);
        var result = new StringBuilder(length);
        var end = start + length;
        for (var line = start; line < end;)
        {
            var lineEnd = text.IndexOf('\n', line, end - line);
            if (lineEnd < 0) lineEnd = end;
            AppendLine(result, text, line, lineEnd);
            if (lineEnd < end && !EndsWithLostLine(result, text, line, lineEnd)) result.Append('\n');
            line = lineEnd + 1;
        }
        return result.ToString();
    }

    /// <summary>Spans to leave out, in order, not overlapping.</summary>
    public static IReadOnlyList<TextLine> Spans(string text) => Found.GetValue(text, Find);

    /// <summary>Whether something private stands in the range.</summary>
    public static bool Touches(string text, int start, int end)
    {
        var spans = Spans(text);
        var at = First(spans, start);
        return at < spans.Count && spans[at].Start < end;
    }

    /// <summary>Whether nothing worth quoting stays when a line's private parts are gone.</summary>
    public static bool LeavesNothing(string text, int start, int end) =>
        Touches(text, start, end) && Cut(text, start, end).Count(char.IsLetter) < 4;

    private static bool EndsWithLostLine(StringBuilder result, string text, int line, int lineEnd) =>
        lineEnd > line && (result.Length == 0 || result[^1] == '\n');

    private static void AppendLine(StringBuilder result, string text, int start, int end)
    {
        var spans = Spans(text);
        var at = First(spans, start);
        if (at == spans.Count || spans[at].Start >= end) result.Append(text, start, end - start);
        else result.Append(Cut(text, start, end));
    }

    private static string Cut(string text, int start, int end)
    {
        var spans = Spans(text);
        var rest = new StringBuilder();
        var from = start;
        for (var i = First(spans, start); i < spans.Count && spans[i].Start < end; i++)
        {
            if (spans[i].Start > from) rest.Append(text, from, spans[i].Start - from);
            rest.Append('\u0001');
            from = Math.Max(from, spans[i].End);
        }
        if (from < end) rest.Append(text, from, end - from);
        return Tidy(rest.ToString());
    }

    /// <summary>Each removed piece has left a mark: labels before it go, and separators around it become one.</summary>
    private static string Tidy(string cut)
    {
        var tidy = EmptyLabel().Replace(cut, "\u0001");
        tidy = Leftover().Replace(tidy, match => match.Value.Trim().Length > 1 && match.Value.AsSpan().IndexOfAny("|·•,，;；/–—") >= 0 ? " | " : " ");
        return Edges().Replace(tidy, "");
    }

    private static int First(IReadOnlyList<TextLine> spans, int start)
    {
        int low = 0, high = spans.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (spans[middle].End > start) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private static List<TextLine> Find(string text)
    {
        var spans = ContactFinder.Find(text).Concat(NameFinder.Find(text)).Where(span => span.Length > 0)
            .OrderBy(span => span.Start).ThenByDescending(span => span.Length);
        var merged = new List<TextLine>();
        foreach (var span in spans)
        {
            if (merged.Count > 0 && span.Start <= merged[^1].End)
                merged[^1] = new TextLine(merged[^1].Start, Math.Max(merged[^1].End, span.End) - merged[^1].Start);
            else merged.Add(span);
        }
        return merged;
    }

    [GeneratedRegex(@"(?:\b(?:e-?mails?|mail|tel|telephone|phone|mobile|cell|fax|url|web|website|homepage|home page|blog|portfolio|site|link|name|full name|github|gitlab|linkedin|twitter|skype|wechat|address)|电子邮件|电子邮箱|邮箱|邮件|电话|手机|手机号|联系电话|联系方式|微信|网址|主页|个人主页|博客|姓名|名字)\s{0,3}(?:address|number|号|no\.?)?\s{0,3}[:：]?\s{0,3}[@/(]{0,2}\s{0,2}\u0001",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EmptyLabel();

    [GeneratedRegex(@"[\s|·•,，;；/–—()\[\]<>:：-]*(?:\u0001[\s|·•,，;；/–—()\[\]<>:：-]*)+", RegexOptions.CultureInvariant)]
    private static partial Regex Leftover();

    [GeneratedRegex(@"^[\s|,，;；/:：]+|[\s|·•,，;；/:：–—-]+$")]
    private static partial Regex Edges();
}
