using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>Each pooling and pass through the embedder, on each family's small random model.</summary>
public sealed class GoldenPoolingTests
{
    private const double SameAsTransformers = 0.9999;
    private const double SameArithmetic = 0.99999;

    private static readonly EmbeddingOptions Bare = new() { NoPrompt = true, AppendEos = AppendEos.Never };

    public static TheoryData<string> Families => GoldenModel.Families;

    [Theory]
    [MemberData(nameof(Families))]
    public void Last_of_every_pass_equals_transformers(string family)
    {
        using var model = Model(family);
        var golden = GoldenModel.Texts(family);
        foreach (var pooling in (PoolingKind[])[PoolingKind.Last, PoolingKind.PromptEol])
        {
            var embeddings = Embed(model, golden, Bare with { Pooling = pooling, Iterations = 6, AllIterations = true });
            for (var text = 0; text < golden.Length; text++)
                Assert.All(golden[text].Passes.Zip(embeddings[text].Passes), pair => Same(pair.First.End, pair.Second.Vector));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Aligned_wva_of_every_pass_equals_transformers(string family)
    {
        using var model = Model(family);
        var golden = GoldenModel.Texts(family);
        var embeddings = Embed(model, golden, Bare with { Pooling = PoolingKind.AlignedWva, Iterations = 3, AllIterations = true });
        for (var text = 0; text < golden.Length; text++)
            Assert.All(golden[text].Passes.Zip(embeddings[text].Passes), pair => Same(Sum(pair.First.AttentionOutputs!), pair.Second.Vector));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Averages_equal_transformers(string family)
    {
        using var model = Model(family);
        var golden = GoldenModel.Texts(family);
        var means = Embed(model, golden, Bare with { Pooling = PoolingKind.Mean });
        var values = Embed(model, golden, Bare with { Pooling = PoolingKind.Va });
        var lastLayers = Embed(model, golden, Bare with { Pooling = PoolingKind.Va, Layers = new(1, 2) });
        for (var text = 0; text < golden.Length; text++)
        {
            Same(golden[text].Mean, means[text].Vector);
            Same(Sum(golden[text].MeanValues), values[text].Vector);
            Same(Sum(golden[text].MeanValues[1..]), lastLayers[text].Vector);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Cached_passes_equal_running_everything_again(string family)
    {
        using var model = Model(family);
        using var weights = GoldenModel.Weights(family);
        var plain = new PlainDecoder(model.Config, weights);
        var golden = GoldenModel.Texts(family);
        var embeddings = Embed(model, golden, Bare with { Iterations = 8, AllIterations = true });
        for (var text = 0; text < golden.Length; text++)
        {
            var passes = plain.Passes(golden[text].Ids, 8);
            for (var k = 0; k < 8; k++)
                Same([.. passes[k].States[^1].Select(x => (float)x)], embeddings[text].Passes[k].Vector, SameArithmetic);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_batch_equals_each_text_alone(string family)
    {
        using var model = Model(family);
        var golden = GoldenModel.Texts(family);
        foreach (var pooling in Enum.GetValues<PoolingKind>().Except([PoolingKind.MetaEol]))   // whose prompts these models cannot spell
        {
            var options = Bare with { Pooling = pooling, Iterations = pooling is PoolingKind.Mean or PoolingKind.Va ? 1 : 4 };
            var together = Embed(model, golden, options);
            for (var text = 0; text < golden.Length; text++)
                Same(Embed(model, [golden[text]], options)[0].Vector, together[text].Vector, SameArithmetic);
        }
    }

    [Fact]
    public void The_same_call_twice_gives_the_same_bits()
    {
        using var model = Model("qwen3");
        var golden = GoldenModel.Texts("qwen3");
        var first = Embed(model, golden, Bare with { Iterations = 5 });
        var second = Embed(model, golden, Bare with { Iterations = 5 });

        Assert.Equal(first.Select(embedding => embedding.Vector), second.Select(embedding => embedding.Vector));
    }

    [Fact]
    public void The_last_token_that_fits_the_window_can_be_refined()
    {
        using var model = Model("llama");   // a window of 128
        var ids = string.Join(' ', Enumerable.Repeat("5 9", 100));
        var plain = new TextEmbedder(model).Embed([ids], new EmbeddingOptions())[0];
        var refined = new TextEmbedder(model).Embed([ids], new EmbeddingOptions { Iterations = 3 })[0];

        Assert.Equal((128, true), (plain.Tokens, plain.Truncated));
        Assert.Equal((127, true), (refined.Tokens, refined.Truncated));
    }

    [Fact]
    public void A_model_of_broken_weights_is_told_from_an_embedding()
    {
        var decoder = new ScriptedDecoder(hidden: 0);
        using var model = new LanguageModel("broken", "", new IdTokenizer(160), decoder);

        var error = Assert.Throws<InvalidOperationException>(() => new TextEmbedder(model).Embed(["1 2"], new EmbeddingOptions()));
        Assert.Contains("weights are damaged", error.Message);
    }

    private static LanguageModel Model(string family)
    {
        var decoder = GoldenModel.Decoder(family);
        return new LanguageModel(family, "", new IdTokenizer(decoder.Config.Vocabulary), decoder);
    }

    private static IReadOnlyList<TextEmbedding> Embed(LanguageModel model, GoldenText[] texts, EmbeddingOptions options) =>
        new TextEmbedder(model, batchTokens: 100).Embed([.. texts.Select(text => IdTokenizer.Text(text.Ids))], options);

    private static void Same(float[] expected, float[] actual, double cosine = SameAsTransformers)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Equal(1, TensorPrimitives.Norm<float>(actual), 5);
        Assert.True(TensorPrimitives.CosineSimilarity<float>(expected, actual) > cosine);
    }

    private static float[] Sum(float[][] vectors) =>
        [.. Enumerable.Range(0, vectors[0].Length).Select(i => vectors.Sum(vector => vector[i]))];
}
