namespace RtMatching.Core.Documents;

/// <summary>How many workers parse, started how, within which limits.</summary>
public sealed record DocumentParserOptions
{
    /// <summary>Program and arguments of a worker; by default this program's own hidden command <c>parse-worker</c>.</summary>
    public IReadOnlyList<string> WorkerCommand { get; init; } = WorkerCommandLine.Default();

    /// <summary>Worker processes at most; started when first needed.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Documents after which a worker is replaced, so that what leaks in a parsing library stays small.</summary>
    public int DocumentsPerWorker { get; init; } = 2_000;

    public DocumentLimits Limits { get; init; } = new();
}
