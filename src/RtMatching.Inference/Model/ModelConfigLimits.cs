namespace RtMatching.Inference.Model;

/// <summary>What a believable decoder looks like: sizes come from files and are multiplied with each other later.</summary>
internal static class ModelConfigLimits
{
    private const int MaxLayers = 1024;
    private const int MaxHidden = 1 << 16;
    private const int MaxFeedForward = 1 << 20;
    private const int MaxHeads = 1024;
    private const int MaxHeadDim = 1024;
    private const int MaxVocabulary = 1 << 22;
    private const int MaxWindow = 1 << 24;

    /// <summary>Widest projection: with it every matrix of the model has fewer than 2^36 numbers.</summary>
    private const long MaxWidth = 1 << 18;

    /// <exception cref="InvalidModelException">A size is impossible; the message names <paramref name="path"/> and the field.</exception>
    public static void Check(this ModelConfig config, string path)
    {
        Require(config.Layers is >= 1 and <= MaxLayers, "number of layers", config.Layers, $"1 to {MaxLayers}");
        Require(config.Hidden is >= 1 and <= MaxHidden, "hidden size", config.Hidden, $"1 to {MaxHidden}");
        Require(config.FeedForward is >= 1 and <= MaxFeedForward, "feed-forward size", config.FeedForward, $"1 to {MaxFeedForward}");
        Require(config.Heads is >= 1 and <= MaxHeads, "number of heads", config.Heads, $"1 to {MaxHeads}");
        Require(config.KeyValueHeads is >= 1 and <= MaxHeads && config.Heads % config.KeyValueHeads == 0,
            "number of key/value heads", config.KeyValueHeads, $"a divisor of the {config.Heads} heads");
        Require(config.HeadDim is >= 2 and <= MaxHeadDim && config.HeadDim % 2 == 0,
            "head dimension", config.HeadDim, $"even, 2 to {MaxHeadDim}");
        var width = (long)config.Heads * config.HeadDim;
        Require(width <= MaxWidth, "heads times head dimension", width, $"at most {MaxWidth}");
        Require(config.Vocabulary is >= 1 and <= MaxVocabulary, "vocabulary", config.Vocabulary, $"1 to {MaxVocabulary}");
        Require(config.Window is >= 2 and <= MaxWindow, "window (positions)", config.Window, $"2 to {MaxWindow}");
        Require(float.IsFinite(config.RopeTheta) && config.RopeTheta >= 1, "rope theta", config.RopeTheta, "finite, at least 1");
        Require(config.NormEpsilon is > 0 and <= 0.1f, "norm epsilon", config.NormEpsilon, "above 0, at most 0.1");
        Require(config.EosId is null || (config.EosId >= 0 && config.EosId < config.Vocabulary),
            "end-of-text id", config.EosId ?? 0, $"within the vocabulary of {config.Vocabulary}");

        void Require(bool condition, string field, double value, string expected)
        {
            if (!condition)
                throw new InvalidModelException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                    $"{path}: the {field} is {value}; expected: {expected}. Copy or download the model again."));
        }
    }
}
