namespace RtMatching.Core.Documents;

/// <summary>What one document may cost. Travels to the worker as JSON.</summary>
public sealed record DocumentLimits
{
    /// <summary>Bytes of the file as it came.</summary>
    public int MaxBytes { get; init; } = 20 * 1024 * 1024;

    /// <summary>Pages of a PDF; the longest CVs known have fewer than a hundred.</summary>
    public int MaxPages { get; init; } = 300;

    /// <summary>UTF-16 units of extracted text.</summary>
    public int MaxTextLength { get; init; } = 2_000_000;

    /// <summary>Bytes of all entries of a DOCX together, unpacked.</summary>
    public long MaxUnpackedBytes { get; init; } = 200L * 1024 * 1024;

    /// <summary>Entries of a DOCX; a CV has about twenty.</summary>
    public int MaxArchiveEntries { get; init; } = 2_000;

    /// <summary>Unpacked to packed size of one DOCX entry above 1 MiB; ordinary XML stays below 60.</summary>
    public int MaxCompressionRatio { get; init; } = 200;

    /// <summary>Wall-clock time per document.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Memory of a worker, and of a tool that it calls.</summary>
    public long MaxMemoryBytes { get; init; } = 512L * 1024 * 1024;
}
