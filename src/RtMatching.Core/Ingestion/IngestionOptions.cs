using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace RtMatching.Core.Ingestion;

/// <summary>Which stages of the queue a worker takes; a machine without an engine can parse for those with one.</summary>
[Flags]
public enum IngestionStages
{
    Parse = 1,
    Embed = 2,
    All = Parse | Embed,
}

/// <summary>Limits and paces of ingestion; the defaults suit one process on a laptop.</summary>
public sealed record IngestionOptions
{
    /// <summary>A larger file or row is rejected as too_large without being loaded.</summary>
    public int MaxDocumentBytes { get; init; } = 20 * 1024 * 1024;

    public IngestionStages Stages { get; init; } = IngestionStages.All;

    /// <summary>Documents parsed at once: each is a child process of its own.</summary>
    public int ParseParallelism { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>Items leased at once for parsing by each of the parallel loops.</summary>
    public int ParseBatch { get; init; } = 8;

    /// <summary>Documents leased at once for embedding.</summary>
    public int EmbedBatch { get; init; } = 64;

    /// <summary>
    /// Characters embedded and committed together, about five a token: one batch of the CPU's engine, so that progress is seen and a crash
    /// loses little. An engine that wants larger batches is given more.
    /// </summary>
    public int EmbedBatchCharacters { get; init; } = 40 * 1024;

    /// <summary>How long a worker that went silent keeps its items. Renewed at a tenth of it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Of one stage of one item; after so many it is a dead letter.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Before the second attempt; doubles with each further one.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often an idle worker looks for work, and how often progress is told.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a database that does not answer is waited for before the run gives up (and can be run again).</summary>
    public TimeSpan DatabasePatience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Told of starts and ends, dead letters and reclaimed leases; ids and counts only.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
