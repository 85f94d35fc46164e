using System.Text;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents.Readers;

/// <summary>Pages as pdftotext prints them, into one text: repeated page headers and footers dropped, hyphenation undone.</summary>
internal static partial class PdfPages
{
    /// <summary>A footer's left, middle and right part, which come as lines of their own.</summary>
    private const int MaxFooterLines = 3;

    /// <summary>One string per page; pdftotext ends each with a form feed.</summary>
    public static List<string> Split(string output)
    {
        var pages = output.Split('\f').ToList();
        if (pages[^1].Length == 0) pages.RemoveAt(pages.Count - 1);
        return pages;
    }

    public static string Join(IReadOnlyList<string> pages)
    {
        var lines = pages.Select(page => page.Split('\n').Select(line => line.Trim()).SkipWhile(line => line.Length == 0).ToList()).ToList();
        for (var i = 0; i < MaxFooterLines; i++) DropRepeated(lines, page => page.Count - 1);
        DropRepeated(lines, _ => 0, keepFirst: true);
        return Rejoin(string.Join("\n\n", lines.Select(page => string.Join('\n', page))));
    }

    /// <summary>A line at the edge of at least two pages that differs only in its numbers, or is a page number itself.</summary>
    private static void DropRepeated(List<List<string>> pages, Func<List<string>, int> edge, bool keepFirst = false)
    {
        foreach (var page in pages)
            while (page.Count > 0 && page[^1].Length == 0) page.RemoveAt(page.Count - 1);
        var seen = pages.Where(page => page.Count > 0).Select(page => Pattern(page[edge(page)])).GroupBy(p => p)
            .Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet();
        for (var i = 0; i < pages.Count; i++)
        {
            var page = pages[i];
            if (page.Count == 0) continue;
            var line = page[edge(page)];
            if (PageNumber().IsMatch(line) || (seen.Contains(Pattern(line)) && !(keepFirst && i == 0))) page.RemoveAt(edge(page));
        }
    }

    private static string Pattern(string line) => Digits().Replace(line, "#");

    /// <summary>
    /// Poppler gives U+00AD for a hyphen drawn at the end of a line, but some fonts map every hyphen to it: within a line it
    /// is a real one.
    /// </summary>
    private static string Rejoin(string text)
    {
        var joined = EndHyphen().Replace(text, "");
        return new StringBuilder(joined).Replace('\u00AD', '-').ToString();
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"^(?:page\s*|第\s*)?\d{1,3}(?:\s*(?:/|of)\s*\d{1,3})?(?:\s*页)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PageNumber();

    [GeneratedRegex(@"(?<=\p{L})\u00AD\n(?=\p{Ll})")]
    private static partial Regex EndHyphen();
}
