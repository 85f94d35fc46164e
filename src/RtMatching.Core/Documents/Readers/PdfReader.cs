using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents.Readers;

/// <summary>
/// PDF through poppler's <c>pdftotext</c>. Its default mode follows the columns of a page, which on CVs reads best:
/// <c>-layout</c> puts a side column's lines between those of the main one.
/// </summary>
internal sealed partial class PdfReader : IDocumentReader
{
    /// <summary>Fewer letters per page than this, under large images, is a scan with a stamp on it, not a text.</summary>
    private const int FewLettersPerPage = 20;

    /// <summary>Side in pixels of an image that may hold a page's text.</summary>
    private const int ScanSide = 500;

    private const int PagesLookedAt = 5;

    public string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        var result = ToolProcess.Run("pdftotext", Arguments(limits), bytes, 4 * limits.MaxTextLength, limits);
        Check(result, bytes.Span, limits);
        var pages = PdfPages.Split(Encoding.UTF8.GetString(result.Output));
        if (pages.Count > limits.MaxPages) throw UnusableDocumentException.TooLarge($"the PDF has more than {limits.MaxPages} pages");
        CheckForScan(pages, bytes, limits);
        return PdfPages.Join(pages);
    }

    private static string[] Arguments(DocumentLimits limits) =>
        ["-enc", "UTF-8", "-f", "1", "-l", (limits.MaxPages + 1).ToString(CultureInfo.InvariantCulture), "-", "-"];

    private static void Check(ToolResult result, ReadOnlySpan<byte> bytes, DocumentLimits limits)
    {
        if (result.Cut) throw UnusableDocumentException.TooLarge($"the PDF has more than {limits.MaxTextLength:N0} characters of text");
        if (result.TimedOut) throw UnusableDocumentException.TooLarge($"reading the PDF took more than {limits.Timeout.TotalSeconds:0} s");
        if (result.Errors.Contains("Incorrect password", StringComparison.Ordinal))
            throw UnusableDocumentException.Encrypted("the PDF has a password; save it without one");
        if (result.ExitCode == 3)
            throw UnusableDocumentException.Encrypted("the PDF forbids copying its text; save it without that restriction");
        if (IsOutOfMemory(result))
            throw UnusableDocumentException.TooLarge($"reading the PDF needed more than {limits.MaxMemoryBytes / (1024 * 1024)} MB of memory");
        if (HasNoPages(result)) throw new UnusableDocumentException(DocumentOutcome.Empty, "the PDF has no pages");
        if (result.ExitCode != 0) throw UnusableDocumentException.Corrupt("the PDF is damaged and cannot be opened; export it again");
        if (IsCutOff(result, bytes)) throw UnusableDocumentException.Corrupt("the PDF seems cut off: its end is missing; send it again");
    }

    /// <summary>Poppler also ends with this range where it does not believe the page tree; then it says so first.</summary>
    private static bool HasNoPages(ToolResult result) =>
        result.Errors.Contains("the last page (0)", StringComparison.Ordinal) && !result.Errors.Contains("Error: Page count", StringComparison.Ordinal);

    private static bool IsOutOfMemory(ToolResult result) =>
        result.Errors.Contains("bad_alloc", StringComparison.Ordinal) || result.Errors.Contains("Out of memory", StringComparison.OrdinalIgnoreCase);

    /// <summary>A lost end alone is harmless (some programs write none); together with repairs by poppler, text is missing too.</summary>
    private static bool IsCutOff(ToolResult result, ReadOnlySpan<byte> bytes) =>
        result.Errors.Contains("Syntax Error", StringComparison.Ordinal) && bytes[Math.Max(0, bytes.Length - 2048)..].IndexOf("%%EOF"u8) < 0;

    private static void CheckForScan(IReadOnlyList<string> pages, ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        if (pages.Count == 0) throw new UnusableDocumentException(DocumentOutcome.Empty, "the PDF has no pages");
        var letters = pages.Sum(page => page.Count(char.IsLetterOrDigit));
        if (letters >= FewLettersPerPage * pages.Count) return;
        if (letters == 0 && !ShowsSomething(bytes, limits)) throw new UnusableDocumentException(DocumentOutcome.Empty, "the PDF's pages are blank");
        if (letters == 0 || HasLargeImage(bytes, limits))
            throw new UnusableDocumentException(DocumentOutcome.NeedsOcr, "the PDF has pictures of text but no text: a scan; run OCR on it");
    }

    /// <summary>Pages drawn small: images, outlines and fonts without characters all show; a blank page does not.</summary>
    private static bool ShowsSomething(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        string[] arguments = ["-gray", "-scale-to", "200", "-f", "1", "-l", PagesLookedAt.ToString(CultureInfo.InvariantCulture), "-"];
        var result = ToolProcess.Run("pdftoppm", arguments, bytes, 4 * 1024 * 1024, limits);
        return result.ExitCode != 0 || result.Output.AsSpan().Count((byte)0xFF) < result.Output.Length - (PagesLookedAt * 64);
    }

    private static bool HasLargeImage(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        string[] arguments = ["-list", "-f", "1", "-l", PagesLookedAt.ToString(CultureInfo.InvariantCulture), "-"];
        var result = ToolProcess.Run("pdfimages", arguments, bytes, 1024 * 1024, limits);
        return ImageRow().Matches(Encoding.UTF8.GetString(result.Output)).Any(row =>
            Number(row.Groups[1]) >= ScanSide && Number(row.Groups[2]) >= ScanSide);
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>page, number, type, width, height</summary>
    [GeneratedRegex(@"^ *\d+ +\d+ +(?:image|smask|stencil|mask) +(\d{1,8}) +(\d{1,8}) ", RegexOptions.Multiline)]
    private static partial Regex ImageRow();
}
