using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>All that <see cref="IDecoder"/> promises, on random weights.</summary>
public abstract class DecoderContract<TDecoder> : DecoderArithmeticContract<TDecoder> where TDecoder : ITestedDecoder
{
    /// <summary>A text of its end token alone among them: over the text only, its memory is zero.</summary>
    private static readonly int[][] SourceTexts = [Ids(7, 1), Ids(1, 2), Ids(19, 3)];

    private static readonly PlainDecoder Plain = new(Config(nameof(ModelFamily.Qwen3)), Weights(Config(nameof(ModelFamily.Qwen3))));

    public static TheoryData<int?, bool, bool> MemorySources()
    {
        var data = new TheoryData<int?, bool, bool>();
        foreach (var head in Enumerable.Range(-1, Shape.Heads + 1).Select(head => head < 0 ? (int?)null : head))
        {
            foreach (var (textOnly, preNorm) in new[] { (false, false), (false, true), (true, false), (true, true) }) data.Add(head, textOnly, preNorm);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(MemorySources))]
    public void Every_memory_source_equals_the_plain_decoder_in_every_pass(int? head, bool textOnly, bool preNorm)
    {
        var source = new MemorySource(head, textOnly, preNorm);
        using var decoder = Build(Config(nameof(ModelFamily.Qwen3)));
        var expected = SourceTexts.Select(text => Plain.Passes(text, 4, source)).ToArray();
        using var batch = decoder.Prefill(new PackedBatch(SourceTexts), Everything, source);
        var alone = SourceTexts.Select(text => decoder.Prefill(new PackedBatch([text]), Capture.Refinement, source)).ToArray();
        for (var k = 0; k < 4; k++)
        {
            if (k > 0) Refine(batch, [.. Enumerable.Range(0, SourceTexts.Length)]);
            for (var row = 0; row < SourceTexts.Length; row++)
            {
                if (k > 0) Refine(alone[row], [0]);
                AssertPass(expected[row][k], batch, row, source);
                Close<TDecoder>.Assert(expected[row][k].States[^1], alone[row].EndState(0));
                Close<TDecoder>.Assert(Mean(expected[row][0].States), batch.MeanState(row));
            }
        }

        foreach (var state in alone) state.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Token_states_are_those_of_pass_1_before_or_after_the_norm(bool preNorm)
    {
        using var decoder = Build(Config(nameof(ModelFamily.Qwen3)));
        using var state = decoder.Prefill(new PackedBatch(SourceTexts), Capture.Refinement, new MemorySource(PreNorm: preNorm));
        for (var pass = 1; pass <= 2; pass++)
        {
            for (var row = 0; row < SourceTexts.Length; row++)
            {
                var expected = Plain.Passes(SourceTexts[row], 1)[0];
                for (var j = 0; j < SourceTexts[row].Length; j++)
                    Close<TDecoder>.Assert(preNorm ? expected.PreNorm[j] : expected.States[j], state.TokenState(row, j));
            }

            Refine(state, [0, 1, 2]);
        }
    }

    [Fact]
    public void A_token_outside_its_text_is_refused()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        using var state = decoder.Prefill(new PackedBatch([[1, 2], [3]]), Capture.Refinement);
        Assert.Contains("has 2 tokens", Assert.Throws<ArgumentOutOfRangeException>(() => { state.TokenState(0, 2); }).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => { state.TokenState(1, -1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { state.TokenState(2, 0); });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(6)]
    public void A_head_that_the_model_has_not_is_named(int head)
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => decoder.Prefill(new PackedBatch(Texts), Capture.Refinement, new MemorySource(head)));
        Assert.Contains($"no query head {head}; its heads are 0 to 5", error.Message);
    }

    [Fact]
    public void An_embedding_is_the_weights_row_and_ids_are_checked()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        var row = new float[Shape.Hidden];
        decoder.Embedding(96, row);
        var (weights, expected) = (Weights(Shape), new float[Shape.Hidden]);
        weights.ReadRows(weights.Tensors["model.embed_tokens.weight"], 96, 1, expected);
        Assert.Equal(expected, row);
        Assert.Contains("Token id 97 ", Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Embedding(97, row)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Embedding(-1, row));
    }

    [Theory]
    [InlineData(Capture.None)]
    [InlineData(Capture.MeanStates)]
    [InlineData(Capture.Values)]
    [InlineData(Capture.AttentionOutputs)]
    public void End_states_do_not_depend_on_what_is_captured(Capture capture)
    {
        using var decoder = Build(Config(nameof(ModelFamily.Qwen3)));
        using var all = decoder.Prefill(new PackedBatch(Texts), Everything);
        using var some = decoder.Prefill(new PackedBatch(Texts), capture);
        for (var row = 0; row < Texts.Length; row++)
        {
            Close<TDecoder>.Assert(all.EndState(row), some.EndState(row));
            if (capture == Capture.MeanStates) Close<TDecoder>.Assert(all.MeanState(row), some.MeanState(row));
            for (var layer = 0; layer < decoder.Config.Layers; layer++)
            {
                if (capture == Capture.Values) Close<TDecoder>.Assert(all.MeanValue(row, layer), some.MeanValue(row, layer));
                if (capture == Capture.AttentionOutputs) Close<TDecoder>.Assert(all.AttentionOutput(row, layer), some.AttentionOutput(row, layer));
            }
        }
    }

    [Fact]
    public void A_batch_equals_each_text_alone_in_every_pass()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Qwen2)));
        using var batch = decoder.Prefill(new PackedBatch(Texts), Capture.Refinement);
        var alone = Texts.Select(text => decoder.Prefill(new PackedBatch([text]), Capture.Refinement)).ToArray();
        for (var k = 1; k <= 3; k++)
        {
            for (var row = 0; row < Texts.Length; row++) Close<TDecoder>.Assert(alone[row].EndState(0), batch.EndState(row));
            Refine(batch, [.. Enumerable.Range(0, Texts.Length)]);
            foreach (var state in alone) Refine(state, [0]);
        }

        foreach (var state in alone) state.Dispose();
    }

    [Fact]
    public void Rows_that_stop_refining_keep_their_states_while_others_go_on()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Qwen3)));
        using var all = decoder.Prefill(new PackedBatch(Texts), Capture.Refinement);
        using var some = decoder.Prefill(new PackedBatch(Texts), Capture.Refinement);
        Refine(all, [0, 1, 2, 3, 4]);
        Refine(all, [0, 1, 2, 3, 4]);
        Refine(some, [4, 2]);
        var kept = some.EndState(4).ToArray();
        Refine(some, [2]);
        Close<TDecoder>.Assert(all.EndState(2), some.EndState(2));
        Assert.Equal(kept, some.EndState(4));
        Assert.Equal(Texts[0].Length, some.AttentionRow(0).Length);
        Assert.Equal(Texts[2].Length + 1, some.AttentionRow(2).Length);
    }

    [Fact]
    public void The_window_is_the_last_length_that_fits_and_refinement_needs_one_position_more()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        var full = new PackedBatch([Ids(Shape.Window, 1)]);
        decoder.Prefill(full, Capture.None).Dispose();
        decoder.Prefill(new PackedBatch([Ids(Shape.Window - 1, 1)]), Capture.Refinement).Dispose();
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Prefill(full, Capture.Refinement));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Prefill(new PackedBatch([Ids(Shape.Window + 1, 1)]), Capture.None));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(97)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_is_named(int id)
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Prefill(new PackedBatch([[1, id]]), Capture.None));
        Assert.Contains($"Token id {id} ", error.Message);
    }

    [Fact]
    public void Asking_for_what_was_not_captured_names_the_capture()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        using var state = decoder.Prefill(new PackedBatch([[1, 2]]), Capture.None);
        Assert.Contains("Capture.Refinement", Assert.Throws<InvalidOperationException>(() => { state.AttentionRow(0); }).Message);
        Assert.Contains("Capture.Refinement", Assert.Throws<InvalidOperationException>(() => Refine(state, [0])).Message);
        Assert.Contains("Capture.Refinement", Assert.Throws<InvalidOperationException>(() => { state.TokenState(0, 0); }).Message);
        Assert.Contains("Capture.MeanStates", Assert.Throws<InvalidOperationException>(() => { state.MeanState(0); }).Message);
        Assert.Contains("Capture.Values", Assert.Throws<InvalidOperationException>(() => { state.MeanValue(0, 0); }).Message);
        Assert.Contains("Capture.AttentionOutputs", Assert.Throws<InvalidOperationException>(() => { state.AttentionOutput(0, 0); }).Message);
    }

    [Fact]
    public void A_row_named_twice_or_out_of_range_is_refused()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        using var state = decoder.Prefill(new PackedBatch([[1, 2]]), Capture.Refinement);
        var memory = new float[2 * Shape.Hidden];
        Assert.Throws<ArgumentException>(() => state.Refine([0, 0], memory));
        Assert.Throws<ArgumentOutOfRangeException>(() => state.Refine([0, 1], memory));
        Assert.Throws<ArgumentException>(() => state.Refine([0], memory));
        Assert.Throws<ArgumentOutOfRangeException>(() => { state.EndState(1); });
    }

    [Fact]
    public void Cancellation_stops_prefill_and_refinement_and_the_state_stays_as_it_was()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => decoder.Prefill(new PackedBatch(Texts), Capture.None, cancellation: cancelled));
        using var state = decoder.Prefill(new PackedBatch(Texts), Capture.Refinement);
        var before = state.EndState(0).ToArray();
        Assert.Throws<OperationCanceledException>(() => state.Refine([0], new float[Shape.Hidden], cancelled));
        Assert.Equal(before, state.EndState(0));
        Assert.Equal(Texts[0].Length, state.AttentionRow(0).Length);
    }

    [Fact]
    public void A_missing_or_misshapen_tensor_is_named()
    {
        var config = Config(nameof(ModelFamily.Qwen3));
        var missing = MemoryWeights.Random(config, 1);
        missing.Remove("model.layers.2.self_attn.q_norm.weight");
        Assert.Contains("model.layers.2.self_attn.q_norm.weight", Assert.Throws<InvalidWeightsException>(() => TDecoder.Build(config, missing)).Message);

        var misshapen = MemoryWeights.Random(config, 1);
        misshapen.Add("model.layers.0.mlp.up_proj.weight", new float[Shape.Hidden], 1, Shape.Hidden);
        Assert.Contains("(1, 52)", Assert.Throws<InvalidWeightsException>(() => TDecoder.Build(config, misshapen)).Message);

        var more = MemoryWeights.Random(config, 1);
        Assert.Matches("layers?[ .]2", Assert.Throws<InvalidWeightsException>(() => TDecoder.Build(config with { Layers = 2 }, more)).Message);
    }

    [Fact]
    public void A_contradictory_config_is_refused()
    {
        var weights = MemoryWeights.Random(Shape, 1);
        Assert.Throws<ArgumentException>(() => TDecoder.Build(Shape with { KeyValueHeads = 4 }, weights));
        Assert.Throws<ArgumentException>(() => TDecoder.Build(Shape with { HeadDim = 9 }, weights));
        Assert.Throws<ArgumentException>(() => TDecoder.Build(Shape with { Layers = 0 }, weights));
    }

    [Fact]
    public void A_bias_on_the_output_projection_is_used_where_the_weights_have_one()
    {
        var weights = MemoryWeights.Random(Shape, 6);
        for (var layer = 0; layer < Shape.Layers; layer++)
        {
            weights.Add($"model.layers.{layer}.self_attn.o_proj.bias", [.. Enumerable.Range(0, Shape.Hidden).Select(i => i / 50f)], Shape.Hidden);
        }

        var stored = TDecoder.Stored(weights);
        using var decoder = TDecoder.Build(Shape, stored);
        using var state = decoder.Prefill(new PackedBatch(Texts), Everything);
        AssertPass(new PlainDecoder(Shape, stored).Passes(Texts[2], 1)[0], state, 2);
    }

    [Fact]
    public void The_decoder_closes_its_weights_and_is_then_unusable()
    {
        var weights = MemoryWeights.Random(Shape, 1);
        var decoder = TDecoder.Build(Shape, weights);
        var state = decoder.Prefill(new PackedBatch([[1, 2]]), Capture.Refinement);
        state.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { state.EndState(0); });
        decoder.Dispose();
        Assert.True(weights.Disposed);
        Assert.Throws<ObjectDisposedException>(() => decoder.Prefill(new PackedBatch([[1, 2]]), Capture.None));
    }

    [Fact]
    public void A_prefix_can_be_used_again_and_an_empty_one_spares_nothing()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Qwen3)));
        using var prefix = decoder.Prefix(Texts[2].AsSpan(0, 30));
        using var empty = decoder.Prefix([]);
        using var plain = decoder.Prefill(new PackedBatch(Texts), Capture.None);
        for (var use = 0; use < 3; use++)
        {
            using var state = decoder.Prefill(new PackedBatch(Texts), Capture.None, prefix: use == 1 ? empty : prefix);
            for (var row = 0; row < Texts.Length; row++) Close<TDecoder>.Assert(plain.EndState(row), state.EndState(row));
        }
    }

    [Fact]
    public void A_prefix_reaches_as_far_as_the_window()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        var full = Ids(Shape.Window, 1);
        using var prefix = decoder.Prefix(full);
        using var plain = decoder.Prefill(new PackedBatch([full]), Capture.None);
        using var state = decoder.Prefill(new PackedBatch([full]), Capture.None, prefix: prefix);
        Close<TDecoder>.Assert(plain.EndState(0), state.EndState(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Prefix(Ids(Shape.Window + 1, 1)));
        Assert.Contains("Token id 97 ", Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Prefix([1, 97])).Message);
    }

    [Theory]
    [InlineData(Capture.Refinement)]
    [InlineData(Capture.MeanStates)]
    [InlineData(Capture.Values | Capture.AttentionOutputs)]
    public void A_prefix_is_refused_where_the_states_that_it_spares_are_wanted(Capture capture)
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        using var prefix = decoder.Prefix([1, 2]);
        Assert.Contains("prefill without it", Assert.Throws<ArgumentException>(() => decoder.Prefill(new PackedBatch(Texts), capture, prefix: prefix)).Message);
    }

    [Fact]
    public void A_prefix_of_another_decoder_or_given_back_or_cancelled_is_refused()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        using var other = Build(Config(nameof(ModelFamily.Llama)));
        var prefix = other.Prefix([1, 2]);
        Assert.Contains("another decoder", Assert.Throws<ArgumentException>(() => decoder.Prefill(new PackedBatch([[1, 2, 3]]), Capture.None, prefix: prefix)).Message);
        prefix.Dispose();
        Assert.Throws<ObjectDisposedException>(() => other.Prefill(new PackedBatch([[1, 2, 3]]), Capture.None, prefix: prefix));
        Assert.Throws<OperationCanceledException>(() => decoder.Prefix([1, 2], new CancellationToken(canceled: true)));
    }

    [Fact]
    public void An_empty_batch_is_nothing_to_do()
    {
        using var decoder = Build(Config(nameof(ModelFamily.Llama)));
        using var state = decoder.Prefill(new PackedBatch([]), Everything);
        Assert.Equal(0, state.Rows);
        state.Refine([], []);
    }
}
