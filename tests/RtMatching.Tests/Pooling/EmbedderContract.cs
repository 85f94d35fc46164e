using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>What embedding promises of any decoder, on each family's small random model: passes, batches, and texts that are empty, too long or not the model's.</summary>
public abstract class EmbedderContract<TDecoder> where TDecoder : ITestedDecoder
{
    private static readonly EmbeddingOptions Bare = new() { NoPrompt = true, AppendEos = AppendEos.Never };

    public static TheoryData<string> Families => GoldenModel.Families;

    /// <summary>As many as stay within the decoder's tolerance: these models are random, and every pass makes what was rounded larger.</summary>
    protected virtual int Passes => 8;

    [Theory]
    [MemberData(nameof(Families))]
    public void Cached_passes_equal_running_everything_again(string family)
    {
        using var model = Model(family);
        using var weights = Weights(family);
        var plain = new PlainDecoder(model.Config, weights);
        var golden = GoldenModel.Texts(family);
        var embeddings = Embed(model, golden, Bare with { Iterations = Passes, AllIterations = true });
        for (var text = 0; text < golden.Length; text++)
        {
            var passes = plain.Passes(golden[text].Ids, Passes);
            for (var k = 0; k < Passes; k++)
                Same(Floats(passes[k].States[^1]), embeddings[text].Passes[k].Vector, $"text {text}, k = {k + 1}:");
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
                Same(Embed(model, [golden[text]], options)[0].Vector, together[text].Vector);
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
    public void A_long_text_is_cut_at_the_window_or_where_its_last_token_can_still_be_refined()
    {
        using var model = Model("llama");   // a window of 128
        using var weights = Weights("llama");
        var plain = new PlainDecoder(model.Config, weights);
        int[] ids = [.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? 5 : 9)];
        var once = new TextEmbedder(model).Embed([IdTokenizer.Text(ids)], new EmbeddingOptions())[0];
        var refined = new TextEmbedder(model).Embed([IdTokenizer.Text(ids)], new EmbeddingOptions { Iterations = 3 })[0];

        Assert.Equal((128, true), (once.Tokens, once.Truncated));
        Assert.Equal((127, true), (refined.Tokens, refined.Truncated));
        var eos = model.Config.EosId!.Value;
        Same(Floats(plain.Passes([.. ids[..127], eos], 1)[0].States[^1]), once.Vector);
        Same(Floats(plain.Passes([.. ids[..126], eos], 3)[2].States[^1]), refined.Vector);
    }

    /// <summary>An empty text is its end token alone, or its template: refined, its first memory stands before an end token that nothing else precedes.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void An_empty_text_is_what_is_put_around_it(string family)
    {
        var config = GoldenModel.Config(family);
        using var model = new LanguageModel(family, "", new ByteTokenizer(config.Vocabulary, suffix: [3]), TDecoder.Build(config, Weights(family)));
        using var weights = Weights(family);
        var plain = new PlainDecoder(model.Config, weights);
        var embedder = new TextEmbedder(model);
        int[] template = model.Tokenizer.Encode("This sentence : \"\" means in one word:\"");

        SamePasses(plain.Passes([3], 4), ["", "ab"], new EmbeddingOptions { Iterations = 4, AllIterations = true });
        SamePasses(plain.Passes(template, 4), ["ab", ""], new EmbeddingOptions { Pooling = PoolingKind.PromptEol, Iterations = 4, AllIterations = true });
        var mean = embedder.Embed([""], new EmbeddingOptions { Pooling = PoolingKind.Mean })[0];
        Same(embedder.Embed([""], new EmbeddingOptions())[0].Vector, mean.Vector);     // the mean over one token
        Assert.Equal(template.Length, embedder.Embed([""], new EmbeddingOptions { Pooling = PoolingKind.AlignedWva })[0].Tokens);
        Assert.Equal(1, embedder.Embed([""], new EmbeddingOptions { Pooling = PoolingKind.Va })[0].Tokens);

        void SamePasses(PlainPass[] expected, string[] texts, EmbeddingOptions options)
        {
            var passes = embedder.Embed(texts, options)[Array.IndexOf(texts, "")].Passes;
            foreach (var (one, other) in expected.Zip(passes)) Same(Floats(one.States[^1]), other.Vector);
        }
    }

    [Theory]
    [InlineData(PoolingKind.Last)]
    [InlineData(PoolingKind.Mean)]
    [InlineData(PoolingKind.Va)]
    public void An_empty_text_that_nothing_is_put_around_is_refused_by_its_number(PoolingKind pooling)
    {
        using var model = Model("qwen2");
        var error = Assert.Throws<ArgumentException>(() => new TextEmbedder(model).Embed(["5", ""], Bare with { Pooling = pooling }));
        Assert.StartsWith("Text 1: The text is empty", error.Message);
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_refused_and_the_model_stays_usable()
    {
        using var model = Model("qwen2");
        var embedder = new TextEmbedder(model);
        var before = embedder.Embed(["5 9"], Bare)[0].Vector;
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => embedder.Embed(["5 9", $"1 {model.Config.Vocabulary}"], Bare));
        Assert.Contains($"Token id {model.Config.Vocabulary} ", error.Message);
        Assert.Equal(before, embedder.Embed(["5 9"], Bare)[0].Vector);
    }

    private static LanguageModel Model(string family)
    {
        var config = GoldenModel.Config(family);
        return new LanguageModel(family, "", new IdTokenizer(config.Vocabulary), TDecoder.Build(config, Weights(family)));
    }

    private static IWeights Weights(string family) => TDecoder.Stored(GoldenModel.Weights(family));

    private static IReadOnlyList<TextEmbedding> Embed(LanguageModel model, GoldenText[] texts, EmbeddingOptions options) =>
        new TextEmbedder(model, batchTokens: 100).Embed([.. texts.Select(text => IdTokenizer.Text(text.Ids))], options);

    private static void Same(float[] expected, float[] actual, string what = "")
    {
        Assert.Equal(1, TensorPrimitives.Norm<float>(actual), 5);
        Close<TDecoder>.AssertDirection(expected, actual, 0.99999, what);
    }

    private static float[] Floats(double[] vector) => [.. vector.Select(x => (float)x)];
}
