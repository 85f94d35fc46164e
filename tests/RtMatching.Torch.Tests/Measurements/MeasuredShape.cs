using RtMatching.Inference.Model;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>The sizes of a model whose weights do not matter. All are Qwen3's architecture, so that every engine runs the same.</summary>
internal static class MeasuredShape
{
    private static readonly ModelConfig Small = new()
    {
        Family = ModelFamily.Qwen3, QueryKeyNorm = true, Layers = 28, Hidden = 1024, FeedForward = 3072, Heads = 16, KeyValueHeads = 8, HeadDim = 128,
        Vocabulary = 151_669, Window = 32_768, RopeTheta = 1e6f, NormEpsilon = 1e-6f, EosId = 0,
    };

    /// <param name="name">A name, or a folder with a config.json.</param>
    public static ModelConfig Of(string name) => name switch
    {
        "rt-mini" => Small with { Layers = 4, Hidden = 384, FeedForward = 768, Heads = 6, KeyValueHeads = 6, HeadDim = 64, Vocabulary = 30_000 },
        "smollm2" => Small with { Layers = 30, Hidden = 576, FeedForward = 1536, Heads = 9, KeyValueHeads = 3, HeadDim = 64, Vocabulary = 49_152 },
        "0.6b" => Small,
        "8b" => Small with { Layers = 36, Hidden = 4096, FeedForward = 12_288, Heads = 32, KeyValueHeads = 8 },
        _ => ModelConfigReader.ReadJson(Path.Combine(name, ModelConfigReader.FileName)) with { Family = ModelFamily.Qwen3, QueryKeyNorm = true, AttentionBias = false },
    };

    /// <summary>Floating-point operations of <paramref name="texts"/> texts: pass 1 over all tokens, the causal half of attention only, then two tokens a pass.</summary>
    public static double Operations(this ModelConfig config, int texts, int tokens, int iterations)
    {
        var matrices = config.Layers * (2.0 * config.Hidden * (config.QueryWidth + config.KeyValueWidth) + 3.0 * config.Hidden * config.FeedForward);
        var attention = 2.0 * config.Layers * config.QueryWidth;
        var first = 2 * matrices * tokens + attention * tokens * (tokens + 1);
        var further = 2 * (2 * matrices + 2 * attention * (tokens + 1));
        return texts * (first + (iterations - 1) * further);
    }
}
