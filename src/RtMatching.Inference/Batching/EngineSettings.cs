namespace RtMatching.Inference.Batching;

/// <summary>How much may wait for an engine, what it runs at once, and how it comes back after a failure.</summary>
public sealed record EngineSettings
{
    /// <summary>
    /// Texts of background work that wait or run, at most: a sender beyond that waits for room, so that no backlog is held in memory.
    /// Null: 1024, and more where that would not keep every device of the model busy.
    /// </summary>
    public int? BackgroundTexts { get; init; }

    /// <summary>
    /// Characters of them, at most; about five a token. A larger request is let in when nothing else is there. Null: 2^20, or more, as for texts.
    /// </summary>
    public long? BackgroundCharacters { get; init; }

    /// <summary>As for background work. What people wait for is bounded by the requests that a server takes at once: this is a guard.</summary>
    public int InteractiveTexts { get; init; } = 8192;

    public long InteractiveCharacters { get; init; } = 32 << 20;

    /// <summary>
    /// Tokens in a batch of background work, at most, for whose end whoever comes meanwhile waits. Null: what the model's device
    /// holds, as far as that wait stays short; on a CPU by the model's size.
    /// </summary>
    public int? BackgroundBatchTokens { get; init; }

    /// <summary>Tokens in a batch of interactive work, at most. Null: as for background work; on a CPU more.</summary>
    public int? InteractiveBatchTokens { get; init; }

    /// <summary>After a failure, before the device is tried again; doubles with each further attempt.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}
