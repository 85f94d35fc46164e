using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

/// <summary>Real files, read where they lie; not applicable where the environment names no folder of models.</summary>
public class SharedModelsTests
{
    internal static readonly string? Gguf = Environment.GetEnvironmentVariable("RTMATCH_MODELS") is { } folder
        ? Path.Combine(folder, "SmolLM2-135M-Instruct-Q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf")
        : null;

    [Fact]
    public void SmolLM2_gguf_has_the_published_hash_config_and_tensors()
    {
        if (!File.Exists(Gguf)) return;
        using var file = GgufFile.Open(Gguf);
        var config = ModelConfigReader.ReadGguf(file);
        using var weights = new GgufWeights(file);

        Assert.Equal("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", weights.Hash);
        Assert.Equal((30, 576, 1536, 9, 3, 64), (config.Layers, config.Hidden, config.FeedForward, config.Heads, config.KeyValueHeads, config.HeadDim));
        Assert.Equal((49152, 1e5f, 1e-5f, 2), (config.Vocabulary, config.RopeTheta, config.NormEpsilon, config.EosId));
        Assert.Equal([192, 576], weights.Tensors["model.layers.29.self_attn.k_proj.weight"].Shape);
        Assert.Equal(272, weights.Tensors.Count);
    }
}
