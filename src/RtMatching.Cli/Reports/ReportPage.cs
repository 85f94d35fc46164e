using System.Net;

namespace RtMatching.Cli.Reports;

/// <summary>The frame of a self-contained HTML report: no script, nothing from outside, light and dark as the reader's system is, readable in print.</summary>
internal static class ReportPage
{
    /// <param name="kicker">A word or two above the title: what kind of report it is.</param>
    /// <param name="style">What the report needs besides <see cref="Style"/> and <see cref="LineChart.Style"/>; never from outside.</param>
    public static void Begin(TextWriter page, string kicker, string title, string style = "") => page.Write($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>{Text(title)}</title>
        <style>{Style}{LineChart.Style}{style}</style>
        </head>
        <body>
        <header>
        <p class="kicker">{Text(kicker)}</p>
        <h1>{Text(title)}</h1>
        </header>
        <main>

        """);

    public static void End(TextWriter page) => page.WriteLine("</main>\n</body>\n</html>");

    /// <summary>A paragraph of plain text beside the matter: model, date, what to keep in mind.</summary>
    public static void Note(TextWriter page, string text) => page.WriteLine($"<p class=\"meta\">{Text(text)}</p>");

    /// <summary>A table of texts; every column but the first is set as numbers.</summary>
    public static void Table(TextWriter page, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        page.WriteLine($"<div class=\"wide\"><table class=\"figures\"><thead><tr>{string.Concat(header.Select(title => $"<th>{Text(title)}</th>"))}</tr></thead><tbody>");
        foreach (var row in rows) page.WriteLine($"<tr>{string.Concat(row.Select(cell => $"<td>{Text(cell)}</td>"))}</tr>");
        page.WriteLine("</tbody></table></div>");
    }

    /// <summary>Every text is a stranger's.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee6; --page: #fafbfc; --card: #fff; --accent: #2b62c9; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #333c49; --page: #12161c; --card: #1a2029; --accent: #7ea6f4; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
        h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; } h2 { margin: 2rem 0 .4rem; font-size: 1.2rem; overflow-wrap: anywhere; }
        .kicker { margin: 0; color: var(--soft); text-transform: uppercase; letter-spacing: .08em; font-size: .75rem; }
        .meta { margin: .3rem 0; color: var(--soft); font-size: .88rem; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; }
        table.figures { border-collapse: collapse; margin: .6rem 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
        .figures th { text-align: right; color: var(--soft); font-weight: 500; font-size: .8rem; vertical-align: bottom; }
        .figures td { text-align: right; border-top: 1px solid var(--line); }
        .figures th, .figures td { padding: .3rem .8rem .3rem 0; } .figures th:first-child, .figures td:first-child { text-align: left; }
        @media print { body { padding: 0; } .card { break-inside: avoid; } }

        """;
}
