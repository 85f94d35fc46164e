namespace RtMatching.Core.Documents;

/// <summary>Thrown by a reader where a document has no text to give; the outcome and the detail are the answer, not a fault of ours.</summary>
internal sealed class UnusableDocumentException(DocumentOutcome outcome, string detail, Exception? inner = null)
    : Exception(detail, inner)
{
    public DocumentOutcome Outcome { get; } = outcome;

    public static UnusableDocumentException Corrupt(string detail, Exception? inner = null) => new(DocumentOutcome.Corrupt, detail, inner);

    public static UnusableDocumentException TooLarge(string detail) => new(DocumentOutcome.TooLarge, detail);

    public static UnusableDocumentException Encrypted(string detail) => new(DocumentOutcome.Encrypted, detail);
}
