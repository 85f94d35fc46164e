using RtMatching.Inference.Model;

namespace RtMatching.Inference.Batching;

/// <summary>How many tokens a batch may hold, by the model, what it computes on, and who waits for it.</summary>
internal static class BatchBudget
{
    /// <summary>More brings no speed on a CPU, and other callers wait for a batch to end.</summary>
    private const int MaxTokens = 16384;

    /// <summary>Whoever comes in the middle of a background batch waits for its end, so it is short; larger ones would bring little.</summary>
    private const int MaxBackgroundTokens = 2048;

    /// <summary>What a batch's keys, values and final states may take while it is refined; larger models so get shorter batches.</summary>
    private const long MaxCacheBytes = 1L << 29;

    /// <summary>
    /// Multiplications by weights in one pass over a batch on a device of its own: about half a second where a card does 5e14 additions and
    /// multiplications a second, which is what whoever comes in the middle waits. Some 20,000 tokens of an 8B model.
    /// </summary>
    private const long MaxDeviceWork = 1L << 47;

    /// <summary>Of a small model: its batch is done in a fraction of that time, and what a larger one would still save is little.</summary>
    internal const int MaxDeviceTokens = 65536;

    /// <summary>Of a very large one: less does not keep a card busy.</summary>
    private const int LeastDeviceTokens = 4096;

    /// <summary>As it is now: a device's own budget shrinks where a batch did not fit.</summary>
    public static int Of(LanguageModel model, EnginePriority priority) => model.Decoder.BatchTokens is { } fits
        ? Math.Clamp(fits, 1, MostOnDevice(model.Config))
        : OnProcessor(model.Config, priority);

    /// <summary>However much memory it has.</summary>
    internal static int MostOnDevice(ModelConfig config)
    {
        var attention = 2L * config.Hidden * (config.QueryWidth + config.KeyValueWidth);
        var perToken = config.Layers * (attention + 3L * config.Hidden * config.FeedForward);
        return (int)Math.Clamp(MaxDeviceWork / perToken, LeastDeviceTokens, MaxDeviceTokens);
    }

    private static int OnProcessor(ModelConfig config, EnginePriority priority)
    {
        var bytesPerToken = sizeof(float) * (2L * config.Layers * config.KeyValueWidth + config.Hidden);
        var most = priority == EnginePriority.Background ? MaxBackgroundTokens : MaxTokens;
        return (int)Math.Clamp(MaxCacheBytes / bytesPerToken, 1, most);
    }
}
