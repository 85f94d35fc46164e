namespace RtMatching.Core.Documents.Readers;

internal sealed class PlainTextReader : IDocumentReader
{
    public string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits) => TextDecoding.Decode(bytes.Span);
}
