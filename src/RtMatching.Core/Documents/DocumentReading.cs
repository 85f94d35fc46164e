using RtMatching.Core.Documents.Readers;

namespace RtMatching.Core.Documents;

/// <summary>The whole way from bytes to sections, in this process; <see cref="ParseWorker"/> is where it is safe to run.</summary>
internal static class DocumentReading
{
    public static ParsedDocument Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        var format = DocumentFormat.Unknown;
        try
        {
            if (bytes.Length > limits.MaxBytes) throw UnusableDocumentException.TooLarge(TooManyBytes(limits));
            if (IsBlank(bytes.Span)) return ParsedDocument.Unusable(DocumentOutcome.Empty, format, "the file is empty");
            format = FormatDetector.Detect(bytes.Span);
            var raw = ReaderOf(format).Read(bytes, limits);
            if (raw.Length > 2L * limits.MaxTextLength) throw UnusableDocumentException.TooLarge(TooMuchText(limits));
            return Finish(raw, format, limits);
        }
        catch (UnusableDocumentException unusable)
        {
            return ParsedDocument.Unusable(unusable.Outcome, format, unusable.Message);
        }
    }

    public static string TooManyBytes(DocumentLimits limits) =>
        $"the file has more than {limits.MaxBytes / (1024 * 1024.0):0.#} MB; raise the limit, or send a smaller file";

    private static string TooMuchText(DocumentLimits limits) =>
        $"the document has more than {limits.MaxTextLength:N0} characters of text; this is no CV or job description";

    private static ParsedDocument Finish(string raw, DocumentFormat format, DocumentLimits limits)
    {
        var text = TextNormalization.Normalize(raw);
        if (text.Length > limits.MaxTextLength) throw UnusableDocumentException.TooLarge(TooMuchText(limits));
        if (!text.Any(char.IsLetterOrDigit))
            return ParsedDocument.Unusable(DocumentOutcome.Empty, format, "the document has no text");
        return new ParsedDocument(DocumentOutcome.Ok, format, text, SectionFinder.Find(text), null);
    }

    private static IDocumentReader ReaderOf(DocumentFormat format) => format switch
    {
        DocumentFormat.Pdf => new PdfReader(),
        DocumentFormat.Docx => new DocxReader(),
        DocumentFormat.Html => new HtmlReader(),
        DocumentFormat.Markdown => new MarkdownReader(),
        DocumentFormat.JsonResume => new JsonResumeReader(),
        _ => new PlainTextReader(),
    };

    private static bool IsBlank(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept(" \t\r\n\f\v"u8) < 0;
}
