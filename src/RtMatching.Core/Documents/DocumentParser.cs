namespace RtMatching.Core.Documents;

/// <summary>Bytes of an unknown file to text, in a child process that can be killed.</summary>
public sealed class DocumentParser : IAsyncDisposable
{
    /// <summary>Recognises the format by content, reads the text, cuts it into sections. Never throws for bad input.</summary>
    public Task<ParsedDocument> ParseAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
