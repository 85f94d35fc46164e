using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>Several embeddings of every text by a real decoder: each is what it would be alone.</summary>
public abstract class SharedForwardContract<TDecoder> where TDecoder : ITestedDecoder
{
    protected static readonly EmbeddingOptions BareText = new() { AppendEos = AppendEos.Never };
    protected static readonly EmbeddingOptions PromptEol = new() { Pooling = PoolingKind.PromptEol };
    protected static readonly EmbeddingOptions AlignedWva = new() { Pooling = PoolingKind.AlignedWva };

    public static TheoryData<string> Models => new("rt-mini", "random");

    [Theory]
    [MemberData(nameof(Models))]
    public void Shared_readings_are_the_separate_ones_on_a_real_decoder(string name)
    {
        using var model = name == "rt-mini" ? LanguageModel.Load(null, new ModelParts { Decoders = [TDecoder.Build] }) : Random();
        var embedder = new TextEmbedder(model, batchTokens: 120);
        string[] texts = ["a cat", "Ten years of accounting, and a team of five nurses led since 2014.", "一只猫在睡觉", "x"];
        EmbeddingOptions[] options =
        [
            BareText with { NoPrompt = true }, BareText with { Pooling = PoolingKind.Mean }, BareText with { Pooling = PoolingKind.Va, Dimension = 2 },
            PromptEol with { Iterations = 4, AllIterations = true }, AlignedWva, AlignedWva with { Iterations = 2, Layers = new(1, 1) },
            Options(6) with { Stop = new StableChange(0.05f), AllIterations = true }, Options(3), BareText with { Iterations = 2 },
        ];
        var together = embedder.EmbedStream(texts, options).ToList();
        for (var option = 0; option < options.Length; option++)
        {
            var alone = embedder.Embed(texts, options[option]);
            for (var text = 0; text < texts.Length; text++) AssertSame(alone[text], together[text][option]);
        }
    }

    protected static EmbeddingOptions Options(int iterations) => new() { Iterations = iterations };

    private static void AssertSame(TextEmbedding expected, TextEmbedding actual)
    {
        Assert.Equal((expected.Tokens, expected.Truncated), (actual.Tokens, actual.Truncated));
        Assert.Equal(expected.Passes.Select(pass => pass.K), actual.Passes.Select(pass => pass.K));
        foreach (var (one, other) in expected.Passes.Zip(actual.Passes))
        {
            Close<TDecoder>.AssertDirection(one.Vector, other.Vector, 0.99999);
            Assert.Equal(one.Trace is null, other.Trace is null);
            if (one.Trace is not null) Assert.Equal(one.Trace.AttentionEntropy, other.Trace!.AttentionEntropy, Math.Max(5e-4, TDecoder.Tolerance));
        }
    }

    private static LanguageModel Random()
    {
        var config = new ScriptedDecoder(hidden: 24, window: 256).Config with { Heads = 4, KeyValueHeads = 2, HeadDim = 6, EosId = 2 };
        return new LanguageModel("random", "", new ByteTokenizer(), TDecoder.Build(config, MemoryWeights.Random(config, 3)));
    }
}
