namespace RtMatching.Core.Documents.Readers;

/// <summary>One format's bytes to raw text; lines, headings and list marks ("- ") in reading order.</summary>
internal interface IDocumentReader
{
    /// <summary>The raw text, not yet normalised.</summary>
    /// <exception cref="UnusableDocumentException">The document has no text to give.</exception>
    string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits);
}
