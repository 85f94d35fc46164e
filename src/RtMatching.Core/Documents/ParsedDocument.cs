namespace RtMatching.Core.Documents;

/// <summary>What became of a file. In the database and in JSON: snake case (<c>needs_ocr</c>).</summary>
public enum DocumentOutcome { Ok, Empty, NeedsOcr, Encrypted, Unsupported, TooLarge, Corrupt }

public enum DocumentFormat { Unknown, Pdf, Docx, Html, Text, Markdown, JsonResume }

public enum SectionKind { Summary, Experience, Education, Skills, Other }

/// <summary>A part of a document's text; offsets in UTF-16 units.</summary>
public sealed record Section(SectionKind Kind, int Start, int Length);

/// <summary>The text of a document, or why there is none.</summary>
/// <param name="Text">Plain text, lines ended by \n, NFC, without NUL and other control characters. Empty unless the outcome is ok.</param>
/// <param name="Sections">In order, without gap or overlap, covering <paramref name="Text"/>.</param>
/// <param name="Detail">For a person: what is wrong and what would help. Never a piece of the text.</param>
public sealed record ParsedDocument(
    DocumentOutcome Outcome, DocumentFormat Format, string Text, IReadOnlyList<Section> Sections, string? Detail)
{
    public static ParsedDocument Unusable(DocumentOutcome outcome, DocumentFormat format, string detail) =>
        new(outcome, format, "", [], detail);
}
