using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>Several embeddings of every text: fewer forwards than options, and each embedding what it would be alone.</summary>
public sealed class SharedForwardTests : SharedForwardContract<ManagedDecoder>
{
    [Fact]
    public void Poolings_of_the_bare_text_share_one_forward_that_captures_for_all()
    {
        var decoder = new ScriptedDecoder();
        Embed(decoder, ["ab"], BareText, BareText with { Pooling = PoolingKind.Mean }, BareText with { Pooling = PoolingKind.Va });

        Assert.Single(decoder.Batches);
        Assert.Equal(Capture.MeanStates | Capture.Values, decoder.Captures[0]);
    }

    [Fact]
    public void Poolings_inside_one_template_share_and_other_sequences_do_not()
    {
        var decoder = new ScriptedDecoder();
        Embed(decoder, ["ab"], PromptEol, AlignedWva, BareText, new EmbeddingOptions(), PromptEol with { Instruction = "Find it" });

        Assert.Equal(4, decoder.Batches.Count);     // inside the template, bare, with the end token, after the instruction
    }

    [Fact]
    public void The_longest_reading_decides_the_passes_and_the_others_read_their_own()
    {
        var decoder = new ScriptedDecoder();
        var all = Embed(decoder, ["ab"], Options(12), Options(3), Options(1), Options(5) with { AllIterations = true })[0];

        Assert.Single(decoder.Batches);
        Assert.Equal(11, decoder.Refinements.Count);
        Assert.Equal([12, 3, 1, 5], all.Select(embedding => embedding.Passes[^1].K));
        Assert.Equal([1, 1, 1, 5], all.Select(embedding => embedding.Passes.Count));
        Assert.Null(all[2].Passes[0].Trace);
    }

    [Fact]
    public void Other_memories_are_other_passes_and_a_single_pass_joins_any()
    {
        var decoder = new ScriptedDecoder();
        var head = Options(3) with { Memory = new MemorySettings { Head = 1 } };
        Embed(decoder, ["ab"], Options(1), head, Options(2), Options(1) with { Memory = new MemorySettings { PreNorm = true } });

        Assert.Equal(2, decoder.Batches.Count);
        Assert.Equal(3, decoder.Refinements.Count);
    }

    [Fact]
    public void A_text_leaves_the_batch_when_its_last_reading_stops()
    {
        var decoder = new ScriptedDecoder();
        var atOnce = Options(9) with { Stop = new StableChange(float.MaxValue) };
        var embeddings = Embed(decoder, ["ab", "c"], atOnce, Options(4));
        Embed(decoder, ["ab", "c"], atOnce);

        Assert.All(embeddings, text => Assert.Equal([2, 4], text.Select(embedding => embedding.Passes[^1].K)));
        Assert.Equal(3 + 1, decoder.Refinements.Count);
    }

    [Fact]
    public void Readings_that_are_cut_differently_part_only_where_something_is_cut()
    {
        var decoder = new ScriptedDecoder(window: 64);
        string[] texts = ["short", new string('x', 63), new string('x', 80)];     // and the end token: 6, 64, 81
        var embeddings = Embed(decoder, texts, Options(1), Options(2), Options(1) with { MaxTokens = 10 });

        Assert.Equal([6, 10, 10, 63, 63, 64, 64], decoder.Batches.SelectMany(batch => batch).Select(ids => ids.Length).Order());
        Assert.Equal([6, 6, 6], embeddings[0].Select(embedding => embedding.Tokens));
        Assert.Equal([(64, false), (63, true), (10, true)], embeddings[1].Select(embedding => (embedding.Tokens, embedding.Truncated)));
        Assert.Equal([(64, true), (63, true), (10, true)], embeddings[2].Select(embedding => (embedding.Tokens, embedding.Truncated)));
    }

    [Fact]
    public void A_text_is_counted_once_and_its_tokens_as_often_as_they_are_run()
    {
        var model = Model(new ScriptedDecoder());
        _ = new TextEmbedder(model).EmbedStream(["ab", "c"], [BareText, BareText with { Pooling = PoolingKind.Mean }, new EmbeddingOptions()]).ToList();

        Assert.Equal((2, 3 + 5), (model.Texts, model.Tokens));
    }

    [Fact]
    public void One_bad_option_among_several_is_refused_before_anything_runs() =>
        Assert.Throws<ArgumentException>(() => new TextEmbedder(Model(new ScriptedDecoder())).EmbedStream(["a"], [BareText, Options(0)]));

    /// <summary>Random texts, some of them cut, and random sets of options, whose states are exact functions of what is run.</summary>
    [Fact]
    public void Shared_readings_are_the_separate_ones_bit_for_bit()
    {
        var random = new Random(5);
        for (var round = 0; round < 40; round++)
        {
            string[] texts = [.. Enumerable.Range(0, 9).Select(i => new string((char)('a' + i), 1 + random.Next(i < 6 ? 20 : 90)) + i)];
            EmbeddingOptions[] options = [.. Enumerable.Range(0, 1 + random.Next(6)).Select(_ => Any(random))];
            var model = Model(new ScriptedDecoder(window: 80));
            var embedder = new TextEmbedder(model, batchTokens: 60);
            var together = embedder.EmbedStream(texts, options).ToList();
            for (var option = 0; option < options.Length; option++)
            {
                var alone = embedder.Embed(texts, options[option]);
                for (var text = 0; text < texts.Length; text++) AssertSame(alone[text], together[text][option]);
            }
        }
    }

    private static void AssertSame(TextEmbedding expected, TextEmbedding actual)
    {
        Assert.Equal((expected.Tokens, expected.Truncated), (actual.Tokens, actual.Truncated));
        Assert.Equal(expected.Passes.Select(pass => pass.K), actual.Passes.Select(pass => pass.K));
        Assert.Equal(expected.Passes.Select(pass => pass.Vector), actual.Passes.Select(pass => pass.Vector));
        Assert.Equal(expected.Passes.Select(pass => pass.Trace), actual.Passes.Select(pass => pass.Trace));
    }

    private static EmbeddingOptions Any(Random random)
    {
        var options = new EmbeddingOptions
        {
            Pooling = random.GetItems((PoolingKind[])[PoolingKind.Last, PoolingKind.Mean, PoolingKind.PromptEol, PoolingKind.Va, PoolingKind.AlignedWva], 1)[0],
            NoPrompt = random.Next(2) == 0,
            AppendEos = random.Next(2) == 0 ? AppendEos.Never : AppendEos.Auto,
            Instruction = random.Next(4) == 0 ? "Find" : null,
            MaxTokens = random.Next(3) == 0 ? 70 + random.Next(20) : null,
            AllIterations = random.Next(2) == 0,
        };
        if (options.TakesPasses) options = options with { Iterations = 1 + random.Next(5) };
        return options.Iterations > 1 && random.Next(3) == 0 ? options with { Stop = new StableChange(0.01f + random.NextSingle()) } : options;
    }

    private static List<TextEmbedding[]> Embed(ScriptedDecoder decoder, string[] texts, params EmbeddingOptions[] options) =>
        [.. new TextEmbedder(Model(decoder)).EmbedStream(texts, options)];

    private static LanguageModel Model(ScriptedDecoder decoder) => new("scripted", "", new ByteTokenizer(), decoder);
}
