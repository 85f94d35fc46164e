using System.Globalization;
using System.Net;
using RtMatching.Core.Matching;

namespace RtMatching.Cli.Reports;

/// <summary>What a page shows besides the candidates.</summary>
/// <param name="Title">The job's first line, or the CV's id for the reverse.</param>
/// <param name="Text">The text that was ranked for.</param>
/// <param name="Made">When the ranking was made.</param>
/// <param name="Profile">Profile and version, for example <c>jd2cv 1 (rt-mini, k = 2)</c>.</param>
internal sealed record RankingPageHead(string Title, string Text, DateTimeOffset Made, string Profile);

/// <summary>
/// A ranking as one self-contained HTML file: no script, no link to anything outside, readable in print.
/// Every text is a stranger's and is escaped.
/// </summary>
internal static class RankingPage
{
    public static void Write(TextWriter page, RankingPageHead head, IReadOnlyList<RankedDocument> ranking)
    {
        page.Write($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>{Text(head.Title)}</title>
            <style>{Style}</style>
            </head>
            <body>
            <header>
            <p class="kicker">Ranking of {ranking.Count}</p>
            <h1>{Text(head.Title)}</h1>
            <p class="meta">{head.Made.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)} &middot; profile {Text(head.Profile)}</p>
            <details><summary>The text that was ranked for</summary><pre>{Text(head.Text)}</pre></details>
            <p class="legend"><span class="mark covered"></span>covered <span class="mark partly"></span>partly <span class="mark missing"></span>not found in the CV</p>
            </header>
            <main>

            """);
        foreach (var place in ranking) Write(page, place, ranking[0].Score);
        page.WriteLine("</main>\n</body>\n</html>");
    }

    private static void Write(TextWriter page, RankedDocument place, double best)
    {
        var share = best > 0 ? Math.Clamp(place.Score / best, 0, 1) : 0;
        page.WriteLine("<article>");
        page.WriteLine($"<h2><span class=\"rank\">{place.Rank}</span> {Text(RankingText.ShortName(place.ExternalId))}</h2>");
        page.WriteLine($"<div class=\"bar\"><div style=\"width:{(share * 100).ToString("0", CultureInfo.InvariantCulture)}%\"></div></div>");
        page.WriteLine($"<p class=\"meta\">{string.Join(" &middot; ", Facts(place).Select(Text))}</p>");
        if (place.AlsoAs.Count > 0) page.WriteLine($"<p class=\"meta\">The same content also as {Text(string.Join(", ", place.AlsoAs))}</p>");
        if (place.Explanation is { } explanation) Write(page, explanation);
        page.WriteLine("</article>");
    }

    private static void Write(TextWriter page, Explanation explanation)
    {
        page.WriteLine("<table><thead><tr><th>Requirement</th><th>In the CV</th></tr></thead><tbody>");
        foreach (var requirement in explanation.Requirements)
        {
            var quote = requirement.Quote is { } found
                ? $"<q>{Text(found.Text)}</q> <span class=\"meta\">{found.Section.ToString().ToLowerInvariant()}, characters {found.Start}&ndash;{found.Start + found.Length}</span>"
                : "<span class=\"meta\">nothing found</span>";
            var coverage = requirement.Coverage.ToString().ToLowerInvariant();
            page.WriteLine($"<tr><td><span class=\"mark {coverage}\" title=\"{coverage}\"></span>{Text(requirement.Requirement)}</td><td>{quote}</td></tr>");
        }

        page.WriteLine("</tbody></table>");
        if (explanation.CommonTerms.Count > 0)
            page.WriteLine($"<p class=\"terms\">In common: {string.Join(" ", explanation.CommonTerms.Select(term => $"<span>{Text(term)}</span>"))}</p>");
    }

    private static IEnumerable<string> Facts(RankedDocument place)
    {
        if (place.Similarity is { } similarity) yield return $"similarity {similarity.ToString("0.000", CultureInfo.InvariantCulture)}";
        if (place.TextRank is not null) yield return "found by its words";
        if (place.Explanation is { Requirements: [_, ..] requirements })
            yield return $"{requirements.Count(r => r.Coverage == Coverage.Covered)} of {requirements.Count} requirements covered";
        if (place.Location is { } location) yield return location;
        if (place.Language is { } language) yield return language;
        foreach (var tag in place.Tags) yield return tag;
        if (RankingText.ShortName(place.ExternalId) != place.ExternalId) yield return place.ExternalId;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private const string Style = """
        :root { color-scheme: light; --ink: #1c2430; --soft: #667085; --line: #e4e7ec; --good: #12805c; --half: #d99a1c; --none: #c4c9d2; }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fafbfc; }
        h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; } h2 { margin: 0 0 .4rem; font-size: 1.15rem; overflow-wrap: anywhere; }
        .kicker { margin: 0; color: var(--soft); text-transform: uppercase; letter-spacing: .08em; font-size: .75rem; }
        .meta { margin: .3rem 0; color: var(--soft); font-size: .85rem; }
        details { margin: .75rem 0; } summary { cursor: pointer; color: var(--soft); } pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; font-size: .9rem; }
        article { margin: 1rem 0; padding: 1.1rem 1.25rem; background: #fff; border: 1px solid var(--line); border-radius: .6rem; break-inside: avoid; }
        .rank { display: inline-block; min-width: 1.9rem; padding: 0 .4rem; margin-right: .3rem; text-align: center; background: var(--ink); color: #fff; border-radius: .4rem; }
        .bar { height: .3rem; background: var(--line); border-radius: 1rem; } .bar div { height: 100%; background: #3f6fd8; border-radius: 1rem; }
        table { width: 100%; margin-top: .6rem; border-collapse: collapse; font-size: .92rem; } th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
        td, th { width: 50%; padding: .4rem .6rem .4rem 0; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; } thead th { border-top: 0; }
        .mark { display: inline-block; width: .7rem; height: .7rem; margin: 0 .45rem 0 0; border-radius: 50%; border: 1px solid var(--none); }
        .legend .mark { margin-left: .9rem; } .mark.covered { background: var(--good); border-color: var(--good); }
        .mark.partly { background: linear-gradient(90deg, var(--half) 50%, #fff 50%); border-color: var(--half); }
        .terms { margin: .6rem 0 0; font-size: .85rem; color: var(--soft); } .terms span { display: inline-block; margin: .1rem .1rem; padding: 0 .5rem; background: #eef2fb; color: #2c4a8f; border-radius: 1rem; }
        @media print { body { background: #fff; padding: 0; } details { display: none; } }
        """;
}
