using System.Text;
using System.Text.RegularExpressions;
using RtMatching.Core.Documents.Readers;

namespace RtMatching.Core.Documents;

/// <summary>A file's format by its content, never by its name.</summary>
internal static partial class FormatDetector
{
    /// <summary>Readers of PDF look for the header this far (PDF 1.7 reference, appendix H, note 13).</summary>
    private const int PdfHeaderWindow = 1024;

    /// <summary>Enough of a text to tell markup from prose.</summary>
    private const int TextWindow = 64 * 1024;

    /// <exception cref="UnusableDocumentException">A format we do not read: the detail names it and the remedy.</exception>
    public static DocumentFormat Detect(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("PK\u0003\u0004"u8) || bytes.StartsWith("PK\u0005\u0006"u8)) return ArchiveKind.Detect(bytes);
        if (bytes.StartsWith(OleKind.Magic)) throw OleKind.Unusable(bytes);
        if (UnsupportedKind.Of(bytes) is { } kind) throw Unsupported(kind);
        if (bytes[..Math.Min(bytes.Length, PdfHeaderWindow)].IndexOf("%PDF-"u8) >= 0) return DocumentFormat.Pdf;
        return DetectText(TextDecoding.Decode(bytes));
    }

    public static UnusableDocumentException Unsupported(string what) => new(DocumentOutcome.Unsupported, what);

    private static DocumentFormat DetectText(string text)
    {
        if (JsonResumeReader.LooksLikeJson(text))
            return JsonResumeReader.IsResume(text)
                ? DocumentFormat.JsonResume
                : throw Unsupported("JSON, but not JSON Resume (an object with basics, work, education, ...); convert it, or ingest it as a bulk file");
        var head = text.AsSpan().TrimStart()[..Math.Min(TextWindow, text.AsSpan().TrimStart().Length)].ToString();
        if (IsHtml(head)) return DocumentFormat.Html;
        if (XmlRoot().Match(head) is { Success: true } root)
            throw Unsupported($"XML (<{root.Groups[1].Value}>); send PDF, DOCX, HTML or plain text");
        return MarkdownScore(head) >= 3 ? DocumentFormat.Markdown : DocumentFormat.Text;
    }

    private static bool IsHtml(string head)
    {
        if (!head.StartsWith('<')) return false;
        if (HtmlRoot().IsMatch(head)) return true;
        return HtmlOpening().IsMatch(head) && HtmlClosing().IsMatch(head);
    }

    private static int MarkdownScore(string head) =>
        (2 * AtxHeading().Count(head)) + (2 * SetextHeading().Count(head)) + (2 * InlineLink().Count(head))
        + Bold().Count(head) + (3 * Fence().Count(head)) + (3 * TableRule().Count(head));

    [GeneratedRegex(@"\A(?:(?:<\?xml[^>]{0,200}>|<!--.{0,2000}?-->)\s*){0,10}(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
        RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex HtmlRoot();

    [GeneratedRegex(@"\A<(?:!--|div|p|h[1-6]|table|ul|ol|section|article|main|header|span|b|strong|br|meta|style|title|center|font)[\s/>-]",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HtmlOpening();

    [GeneratedRegex("</(?:div|p|h[1-6]|table|ul|ol|section|article|main|header|span|b|strong|title|center|font)>",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HtmlClosing();

    [GeneratedRegex(@"\A(?:<\?xml\s[^>]{0,200}>\s*(?:<!--.{0,2000}?-->\s*){0,10}(?:<!DOCTYPE\s+)?<?|<!DOCTYPE\s+|<(?=svg[\s>]|rss[\s>]|feed[\s>]))([A-Za-z_][\w:.-]{0,60})",
        RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex XmlRoot();

    [GeneratedRegex(@"^#{1,6} +\S", RegexOptions.Multiline)]
    private static partial Regex AtxHeading();

    [GeneratedRegex(@"^[^\s\n][^\n]{0,80}\r?\n(?:={3,}|-{3,})[ \t]*\r?$", RegexOptions.Multiline)]
    private static partial Regex SetextHeading();

    [GeneratedRegex(@"\[[^\]\n]{1,80}\]\([^)\s]{1,300}\)")]
    private static partial Regex InlineLink();

    [GeneratedRegex(@"\*\*[^*\s][^*\n]{0,80}\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex("^```", RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\|?[ :]*-{3,}[ :]*\|[ :|-]*$", RegexOptions.Multiline)]
    private static partial Regex TableRule();
}
