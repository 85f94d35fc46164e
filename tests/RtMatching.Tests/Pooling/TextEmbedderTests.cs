using RtMatching.Inference.Batching;
using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Tests.Pooling;

/// <summary>What the embedder does around the decoder. Its numbers are tested on real models.</summary>
public class TextEmbedderTests
{
    private static readonly string[] Texts = [.. Enumerable.Range(0, 40).Select(i => new string((char)('a' + i % 26), 1 + i * 7 % 30) + i)];

    [Fact]
    public void Results_come_in_input_order_whatever_the_batches_were()
    {
        var decoder = new ScriptedDecoder();
        var embeddings = Embedder(decoder, batchTokens: 50).Embed(Texts, new EmbeddingOptions { Iterations = 3 });

        Assert.True(decoder.Batches.Count > 5);
        for (var i = 0; i < Texts.Length; i++)
        {
            int[] ids = [.. new ByteTokenizer().Encode(Texts[i]), 2];
            Assert.Equal(Unit(ScriptedDecoder.Vector(ids, 3, 8)), embeddings[i].Vector);
            Assert.Equal(ids.Length, embeddings[i].Tokens);
        }
    }

    [Fact]
    public void Batches_keep_to_their_budget()
    {
        var decoder = new ScriptedDecoder();
        Embedder(decoder, batchTokens: 50).Embed(Texts, new EmbeddingOptions());

        Assert.All(decoder.Batches, batch => Assert.True(batch.Length == 1 || batch.Sum(ids => ids.Length) <= 50));
    }

    [Fact]
    public void The_last_pass_is_kept_or_all_of_them()
    {
        var embedder = Embedder(new ScriptedDecoder());
        var all = Assert.Single(embedder.Embed(["ab"], new EmbeddingOptions { Iterations = 4, AllIterations = true }));
        var last = Assert.Single(embedder.Embed(["ab"], new EmbeddingOptions { Iterations = 4 }));

        Assert.Equal([1, 2, 3, 4], all.Passes.Select(pass => pass.K));
        Assert.All(all.Passes, pass => Assert.NotNull(pass.Trace));
        Assert.Equal(4, Assert.Single(last.Passes).K);
        Assert.Equal(all.Vector, last.Vector);
    }

    [Fact]
    public void A_dimension_is_a_cut_and_then_a_unit_vector()
    {
        var embedder = Embedder(new ScriptedDecoder());
        var whole = embedder.Embed(["ab"], new EmbeddingOptions())[0].Vector;
        var cut = embedder.Embed(["ab"], new EmbeddingOptions { Dimension = 3 })[0].Vector;

        Assert.Equal(3, cut.Length);
        Assert.Equal(1, TensorPrimitives.Norm<float>(cut), 6);
        Assert.Equal(1, TensorPrimitives.CosineSimilarity<float>(cut, whole.AsSpan(0, 3)), 6);
    }

    [Theory]
    [InlineData(PoolingKind.Va, Capture.Values)]
    [InlineData(PoolingKind.AlignedWva, Capture.AttentionOutputs)]
    public void Layer_ranges_choose_what_is_summed(PoolingKind pooling, Capture capture)
    {
        var decoder = new ScriptedDecoder();
        var embedding = Embedder(decoder).Embed(["ab"], new EmbeddingOptions { Pooling = pooling, NoPrompt = true, Layers = new(1, 2) })[0];
        var ids = decoder.Batches[0][0];
        var expected = pooling == PoolingKind.Va
            ? Sum(ScriptedDecoder.Vector(ids, 3001, 4), ScriptedDecoder.Vector(ids, 3002, 4))
            : Sum(ScriptedDecoder.Vector(ids, 4011, 8), ScriptedDecoder.Vector(ids, 4021, 8));

        Assert.Equal(capture, decoder.Captures[0]);
        Assert.Equal(1, TensorPrimitives.CosineSimilarity<float>(Unit(expected), embedding.Vector), 6);
    }

    [Fact]
    public void Aligned_wva_reads_the_attention_outputs_of_the_pass_asked_for()
    {
        var decoder = new ScriptedDecoder();
        var options = new EmbeddingOptions { Pooling = PoolingKind.AlignedWva, Iterations = 3, Layers = new(0, 0), NoPrompt = true };
        var embedding = Embedder(decoder).Embed(["ab"], options)[0];

        Assert.Equal(Unit(ScriptedDecoder.Vector(decoder.Batches[0][0], 4003, 8)), embedding.Vector);
        Assert.Equal(Capture.AttentionOutputs | Capture.Refinement, decoder.Captures[0]);
    }

    [Fact]
    public void The_next_window_is_tokenised_while_the_model_runs_this_one()
    {
        using var secondWindowTokenised = new ManualResetEventSlim();
        var overlapped = false;
        var decoder = new ScriptedDecoder
        {
            // The first batch waits for a text of the second window: without overlap it would wait in vain.
            Prefilling = number => overlapped |= number == 1 && secondWindowTokenised.Wait(TimeSpan.FromSeconds(20)),
        };
        var tokenizer = new ByteTokenizer { Encoding = text => { if (text == "last") secondWindowTokenised.Set(); } };
        string[] texts = [.. Enumerable.Repeat(new string('x', 60), 10), "last"];
        var embeddings = new TextEmbedder(Model(decoder, tokenizer), batchTokens: 10).Embed(texts, new EmbeddingOptions());

        Assert.True(overlapped);
        Assert.Equal(11, embeddings.Count);
    }

    [Fact]
    public void A_stream_answers_before_it_has_read_everything()
    {
        var read = 0;
        IEnumerable<string> Endless()
        {
            while (true) yield return $"text {read++}";
        }

        var first = Embedder(new ScriptedDecoder(), batchTokens: 10).EmbedStream(Endless(), new EmbeddingOptions()).Take(100).ToList();

        Assert.Equal(100, first.Count);
        Assert.InRange(read, 100, 400);
    }

    [Fact]
    public void Many_threads_and_embedders_share_one_decoder_one_at_a_time()
    {
        var decoder = new ScriptedDecoder { Prefilling = _ => Thread.Sleep(1) };
        var embedder = Embedder(decoder, batchTokens: 50);
        var other = new TextEmbedder(embedder.Model, batchTokens: 60, EnginePriority.Background);
        var alone = embedder.Embed(Texts, new EmbeddingOptions()).Select(embedding => embedding.Vector).ToArray();
        var results = new float[4][][];
        Parallel.For(0, 4, i => results[i] = [.. (i % 2 == 0 ? embedder : other).Embed(Texts, new EmbeddingOptions()).Select(embedding => embedding.Vector)]);

        Assert.False(decoder.EnteredTwice);
        Assert.All(results, result => Assert.Equal(alone, result));
    }

    [Fact]
    public void A_bad_text_is_named_by_its_place_among_all()
    {
        var texts = Enumerable.Repeat("text", 5000).Append("").ToList();
        var options = new EmbeddingOptions { Pooling = PoolingKind.Mean };

        Assert.StartsWith("Text 5000: The text is empty", Assert.Throws<ArgumentException>(() => Embedder(new ScriptedDecoder()).Embed(texts, options)).Message);
        Assert.StartsWith("Text 1: ", Assert.Throws<ArgumentException>(() => Embedder(new ScriptedDecoder()).Embed(["a", null!], options)).Message);
    }

    [Fact]
    public void Options_are_judged_when_the_stream_is_asked_for_not_when_it_is_read() =>
        Assert.Throws<ArgumentException>(() => Embedder(new ScriptedDecoder()).EmbedStream(["a"], new EmbeddingOptions { Iterations = 0 }));

    [Fact]
    public void Cancelling_ends_the_work_between_batches()
    {
        using var cancellation = new CancellationTokenSource();
        var decoder = new ScriptedDecoder { Prefilling = number => { if (number == 2) cancellation.Cancel(); } };

        Assert.ThrowsAny<OperationCanceledException>(() =>
            Embedder(decoder, batchTokens: 50).Embed(Texts, new EmbeddingOptions(), cancellation.Token));
        Assert.Equal(2, decoder.Batches.Count);
    }

    [Fact]
    public void No_texts_are_no_embeddings() => Assert.Empty(Embedder(new ScriptedDecoder()).Embed([], new EmbeddingOptions()));

    [Fact]
    public void A_batch_is_smaller_for_a_model_with_a_large_cache()
    {
        Assert.Equal(16384, Embedder(new ScriptedDecoder()).BatchTokens);
        Assert.Equal((1 << 29) / (4 * (2 * 20_000 * 4 + 8)), Embedder(new ScriptedDecoder(layers: 20_000)).BatchTokens);
        Assert.Throws<ArgumentOutOfRangeException>(() => Embedder(new ScriptedDecoder(), batchTokens: 0));
    }

    private static TextEmbedder Embedder(ScriptedDecoder decoder, int? batchTokens = null) =>
        new(Model(decoder, new ByteTokenizer()), batchTokens);

    private static LanguageModel Model(ScriptedDecoder decoder, ByteTokenizer tokenizer) => new("scripted", "", tokenizer, decoder);

    private static float[] Sum(float[] x, float[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private static float[] Unit(float[] vector)
    {
        var norm = TensorPrimitives.Norm<float>(vector);
        return [.. vector.Select(x => x / norm)];
    }
}
