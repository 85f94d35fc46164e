using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>Each pooling and pass through the embedder, on each family's small random model, against Hugging Face transformers in float32.</summary>
public abstract class GoldenPoolingContract<TDecoder> where TDecoder : ITestedDecoder
{
    private const double SameAsTransformers = 0.9999;

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

    private static LanguageModel Model(string family)
    {
        var decoder = GoldenModel.Decoder<TDecoder>(family);
        return new LanguageModel(family, "", new IdTokenizer(decoder.Config.Vocabulary), decoder);
    }

    private static IReadOnlyList<TextEmbedding> Embed(LanguageModel model, GoldenText[] texts, EmbeddingOptions options) =>
        new TextEmbedder(model, batchTokens: 100).Embed([.. texts.Select(text => IdTokenizer.Text(text.Ids))], options);

    private static void Same(float[] expected, float[] actual)
    {
        Assert.Equal(1, TensorPrimitives.Norm<float>(actual), 5);
        Close<TDecoder>.AssertDirection(expected, actual, SameAsTransformers);
    }

    private static float[] Sum(float[][] vectors) =>
        [.. Enumerable.Range(0, vectors[0].Length).Select(i => vectors.Sum(vector => vector[i]))];
}
