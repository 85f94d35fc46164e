using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace RtMatching.Core.Documents.Readers;

/// <summary>HTML as a reader of the page sees it. Nothing is run and nothing is loaded: the parser is used without a browsing context.</summary>
internal sealed partial class HtmlReader : IDocumentReader
{
    /// <summary>Browsers stop at 512; the parser's time is quadratic in depth, so more is refused before it starts.</summary>
    private const int MaxDepth = 1024;

    /// <summary>Where the HTML standard has the encoding declared.</summary>
    private const int CharsetWindow = 1024;

    private static readonly HashSet<string> Dropped = new(StringComparer.OrdinalIgnoreCase)
    {
        "script", "style", "template", "noscript", "head", "title", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video",
        "select", "button", "input", "textarea", "noframes",
    };

    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption",
        "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "li", "main", "nav", "ol", "p",
        "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "caption",
    };

    public string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits) => TextOf(TextDecoding.Decode(bytes.Span, DeclaredCharset(bytes.Span)));

    /// <exception cref="UnusableDocumentException">Nested too deeply.</exception>
    public static string TextOf(string html)
    {
        if (Depth(html) > MaxDepth)
            throw UnusableDocumentException.Corrupt($"the HTML is nested more than {MaxDepth} levels deep; save the page again, or send it as PDF");
        var document = new HtmlParser(new HtmlParserOptions { IsScripting = false }).ParseDocument(html);
        return document.Body is { } body ? new HtmlText().Of(body) : "";
    }

    private static string? DeclaredCharset(ReadOnlySpan<byte> bytes)
    {
        var head = Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, CharsetWindow)]);
        return Charset().Match(head) is { Success: true } match ? match.Groups[1].Value : null;
    }

    /// <summary>An upper bound of how many elements are open at once, without building any.</summary>
    private static int Depth(string html)
    {
        int depth = 0, deepest = 0;
        foreach (var tag in Tag().EnumerateMatches(html))
        {
            if (html[tag.Index + 1] == '/') depth = Math.Max(0, depth - 1);
            else deepest = Math.Max(deepest, ++depth);
        }
        return deepest;
    }

    internal static bool IsDropped(IElement element) =>
        Dropped.Contains(element.LocalName) || element.HasAttribute("hidden")
        || (element.GetAttribute("style") is { } style && HiddenStyle().IsMatch(style));

    internal static bool IsBlock(string name) => Blocks.Contains(name);

    /// <summary>Tags that stay open until a closing tag; those whose end is implied do not nest.</summary>
    [GeneratedRegex(@"</?(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|td|th|tr|dt|dd|option)\b)[a-z][a-z0-9:-]*\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(@"<meta[^>]{0,200}charset\s{0,5}=\s{0,5}[""']?([a-z0-9_-]{2,30})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Charset();

    [GeneratedRegex(@"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HiddenStyle();
}
