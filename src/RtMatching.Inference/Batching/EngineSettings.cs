namespace RtMatching.Inference.Batching;

/// <summary>How much may wait for an engine, what it runs at once, and how it comes back after a failure.</summary>
public sealed record EngineSettings
{
    /// <summary>
    /// Texts of background work that wait or run, at most: a sender beyond that waits for room, so that no backlog is held in memory.
    /// </summary>
    public int BackgroundTexts { get; init; } = 1024;

    /// <summary>Characters of them, at most; about five a token. A larger request is let in when nothing else is there.</summary>
    public long BackgroundCharacters { get; init; } = 1 << 20;

    /// <summary>As for background work. What people wait for is bounded by the requests that a server takes at once: this is a guard.</summary>
    public int InteractiveTexts { get; init; } = 8192;

    public long InteractiveCharacters { get; init; } = 32 << 20;

    /// <summary>
    /// Tokens in a batch of background work, at most, for whose end whoever comes meanwhile waits. Null: chosen by the model's size for a CPU.
    /// </summary>
    public int? BackgroundBatchTokens { get; init; }

    /// <summary>Tokens in a batch of interactive work, at most. Null: chosen by the model's size for a CPU.</summary>
    public int? InteractiveBatchTokens { get; init; }

    /// <summary>After a failure, before the engine is tried again; doubles with each further attempt.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}
