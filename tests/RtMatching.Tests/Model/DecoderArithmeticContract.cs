using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>A decoder's arithmetic against <see cref="PlainDecoder"/> on random weights of each family.</summary>
public abstract class DecoderArithmeticContract<TDecoder> where TDecoder : ITestedDecoder
{
    protected const Capture Everything = Capture.Refinement | Capture.MeanStates | Capture.Values | Capture.AttentionOutputs;

    /// <summary>Uneven on purpose: no width is a multiple of every panel, and the heads share KV heads by threes.</summary>
    protected static readonly ModelConfig Shape = new()
    {
        Family = ModelFamily.Llama,
        Layers = 3,
        Hidden = 52,
        FeedForward = 75,
        Heads = 6,
        KeyValueHeads = 2,
        HeadDim = 10,
        Vocabulary = 97,
        Window = 128,
        RopeTheta = 10_000,
        NormEpsilon = 1e-6f,
    };

    protected static readonly int[][] Texts = [Ids(7, 1), Ids(1, 2), Ids(50, 3), Ids(2, 4), Ids(33, 5)];

    public static TheoryData<string> Families => [.. Enum.GetNames<ModelFamily>()];

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_pass_equals_the_plain_uncached_decoder(string family)
    {
        using var decoder = Build(Config(family));
        var plain = new PlainDecoder(decoder.Config, Weights(decoder.Config));
        var expected = Texts.Select(text => plain.Passes(text, 4)).ToArray();
        using var state = decoder.Prefill(new PackedBatch(Texts), Everything);
        for (var k = 0; k < 4; k++)
        {
            if (k > 0) Refine(state, [.. Enumerable.Range(0, Texts.Length)]);
            for (var row = 0; row < Texts.Length; row++) AssertPass(expected[row][k], state, row);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_is_captured_equals_the_plain_decoder(string family)
    {
        using var decoder = Build(Config(family));
        var plain = new PlainDecoder(decoder.Config, Weights(decoder.Config));
        using var state = decoder.Prefill(new PackedBatch(Texts), Everything);
        for (var row = 0; row < Texts.Length; row++)
        {
            var expected = plain.Passes(Texts[row], 1)[0];
            Close<TDecoder>.Assert(Mean(expected.States), state.MeanState(row));
            for (var layer = 0; layer < decoder.Config.Layers; layer++)
            {
                Close<TDecoder>.Assert(Mean(expected.Values[layer]), state.MeanValue(row, layer));
            }
        }
    }

    /// <summary>Whatever a text has in common with the prefix, the end state is that of the whole text run by itself.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void A_text_run_on_from_a_prefix_equals_the_plain_decoder(string family)
    {
        using var decoder = Build(Config(family));
        var plain = new PlainDecoder(decoder.Config, Weights(decoder.Config));
        foreach (var length in (int[])[1, 16, 37])
        {
            var head = Ids(length, 9);
            int[][] texts =
            [
                head, [.. head, 4], [.. head, .. Ids(45, 6)], head[..((length + 1) / 2)], [.. head[..(length / 2)], .. Ids(20, 7)], Ids(12, 8), [head[0]],
                [.. head, .. head],
            ];
            using var prefix = decoder.Prefix(head);
            using var state = decoder.Prefill(new PackedBatch(texts), Capture.None, prefix: prefix);
            for (var row = 0; row < texts.Length; row++) Close<TDecoder>.Assert(plain.Passes(texts[row], 1)[0].States[^1], state.EndState(row));
            for (var row = 0; row < texts.Length; row++) Assert.Equal(texts[row].Length, state.Tokens(row));
        }
    }

    protected static void Refine(IDecoderState state, int[] rows)
    {
        var memory = new float[rows.Length * Shape.Hidden];
        state.Memory(rows, memory);
        state.Refine(rows, memory);
    }

    private protected static void AssertPass(PlainPass expected, IDecoderState state, int row, MemorySource source = default)
    {
        Close<TDecoder>.Assert(expected.States[^1], state.EndState(row));
        Close<TDecoder>.Assert(expected.EndAttention(source.Head), state.AttentionRow(row));
        Assert.Equal(1, state.AttentionRow(row).ToArray().Sum(), 1e-4);
        var memory = new float[Shape.Hidden];
        state.Memory([row], memory);
        Close<TDecoder>.Assert(PlainDecoder.Memory(expected, state.Tokens(row), source), memory);
        for (var layer = 0; layer < expected.EndOutputs.Length; layer++)
        {
            Close<TDecoder>.Assert(expected.EndOutputs[layer], state.AttentionOutput(row, layer));
        }
    }

    protected static double[] Mean(double[][] rows) => [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Average(row => row[i]))];

    protected static int[] Ids(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Shape.Vocabulary))];
    }

    protected internal static ModelConfig Config(string family) => Enum.Parse<ModelFamily>(family) switch
    {
        ModelFamily.Qwen3 => Shape with { Family = ModelFamily.Qwen3, QueryKeyNorm = true },
        ModelFamily.Qwen2 => Shape with { Family = ModelFamily.Qwen2, AttentionBias = true },
        _ => Shape,
    };

    protected static IWeights Weights(ModelConfig config) => TDecoder.Stored(MemoryWeights.Random(config, seed: 20));

    protected static IDecoder Build(ModelConfig config) => TDecoder.Build(config, Weights(config));
}
