using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Torch.Tests.Engine;

/// <summary>The managed engine and Torch beside each other: one model, the same texts, every pooling and pass.</summary>
public abstract class SameAsManaged<TDecoder> where TDecoder : ITestedDecoder
{
    private const double SameDirection = 0.9999;
    private const int Passes = 8;

    private static readonly PoolingKind[] Poolings = Enum.GetValues<PoolingKind>();

    private static readonly string[] Texts =
    [
        "a cat", "", "Ten years of accounting, and a team of five nurses led since 2014.", "一只猫在睡觉", "x", "Kubernetes, PostgreSQL; C# und Go!", "a cat",
        string.Concat(Enumerable.Range(0, 40).Select(i => $"In {1980 + i} she managed {i} projects for a bank. ")),
    ];

    public static TheoryData<string, PoolingKind> FamiliesAndPoolings()
    {
        var data = new TheoryData<string, PoolingKind>();
        foreach (var family in GoldenModel.Families)
        {
            foreach (var pooling in Poolings) data.Add(family, pooling);
        }

        return data;
    }

    /// <summary>A byte is a token, so that these models, which know no words, can read the prompts; a window that holds the longest prompt.</summary>
    [Theory]
    [MemberData(nameof(FamiliesAndPoolings))]
    public void Every_pooling_and_pass_of_a_family(string family, PoolingKind pooling)
    {
        var config = GoldenModel.Config(family) with { Window = 700 };
        var tokenizer = new ByteTokenizer(config.Vocabulary, suffix: [2]);
        using var managed = new LanguageModel(family, "", tokenizer, ManagedDecoder.Build(config, TDecoder.Stored(GoldenModel.Weights(family))));
        using var model = new LanguageModel(family, "", tokenizer, TDecoder.Build(config, TDecoder.Stored(GoldenModel.Weights(family))));
        Same(managed, model, pooling, Passes);
    }

    public static TheoryData<PoolingKind> EveryPooling => [.. Poolings];

    [Theory]
    [MemberData(nameof(EveryPooling))]
    public void The_built_in_model(PoolingKind pooling) => SameModel(null, pooling, Passes);

    /// <summary>
    /// Weights too large to carry along: where the environment variable RTMATCH_MODELS names their folder. Its scores are so large that bfloat16's
    /// steps between them move attention by more than the vectors tell, so of bfloat16 these alone are asked; of bare passes the first alone, see
    /// <see cref="Smol_lm2_pass_by_pass"/>.
    /// </summary>
    [Theory]
    [MemberData(nameof(EveryPooling))]
    public void Smol_lm2(PoolingKind pooling)
    {
        if (SmolLm2 is { } path) SameModel(path, pooling, IsExact || pooling != PoolingKind.Last ? Passes : 1, traces: IsExact);
    }

    /// <summary>
    /// Bare passes, both engines given the same memory before each. Left to itself this model, which never learned to read a memory, answers a
    /// small error with a larger one: rounding nothing but its weights to bfloat16 turns the end token alone by 0.008 (1 - cosine, k = 8), and
    /// transformers in bfloat16 by 0.15 (k = 6), a plain text by 0.003. So the end token alone is left out.
    /// </summary>
    [Fact]
    public void Smol_lm2_pass_by_pass()
    {
        if (SmolLm2 is not { } path) return;
        using var managed = LanguageModel.Load(path);
        using var model = LanguageModel.Load(path, new ModelParts { Decoders = [TDecoder.Build] });
        var end = managed.Config.EosId!.Value;
        var batch = new PackedBatch([.. Texts.Where(text => text != "").Select(text => (int[])[.. managed.Tokenizer.Encode(text), end])]);
        using var expected = managed.Decoder.Prefill(batch, Capture.Refinement);
        using var actual = model.Decoder.Prefill(batch, Capture.Refinement);
        int[] rows = [.. Enumerable.Range(0, batch.Rows)];
        var memories = new float[rows.Length * managed.Config.Hidden];
        for (var k = 1; ; k++)
        {
            foreach (var row in rows) Close<TDecoder>.AssertDirection(expected.EndState(row), actual.EndState(row), SameDirection, $"text {row}, k = {k}:");
            if (k == Passes) break;
            expected.Memory(rows, memories);
            expected.Refine(rows, memories);
            actual.Refine(rows, memories);
        }
    }

    private static string? SmolLm2 => Environment.GetEnvironmentVariable("RTMATCH_MODELS") is { Length: > 0 } models
        ? Path.Combine(models, "SmolLM2-135M-Instruct-Q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf") : null;

    private static bool IsExact => TDecoder.Tolerance < 1e-2;

    /// <summary>Batches, captures, memories and rows drawn at random: whatever is asked of a state, both give the same.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_batch_and_any_rows_refined(int seed)
    {
        var random = new Random(seed);
        var family = Enum.GetNames<ModelFamily>()[seed % 3];
        var config = DecoderArithmeticContract<TDecoder>.Config(family);
        using var managed = ManagedDecoder.Build(config, TDecoder.Stored(MemoryWeights.Random(config, seed)));
        using var decoder = TDecoder.Build(config, TDecoder.Stored(MemoryWeights.Random(config, seed)));
        var batch = new PackedBatch([.. Enumerable.Range(0, 1 + random.Next(12)).Select(_ => Ids(random, config.Vocabulary, 1 + random.Next(1 << random.Next(7))))]);
        var source = new MemorySource(random.Next(2) == 0 ? null : random.Next(config.Heads), random.Next(2) == 0, random.Next(2) == 0);
        var capture = Capture.Refinement | (Capture)(random.Next(8) * 2);
        using var expected = managed.Prefill(batch, capture, source);
        using var actual = decoder.Prefill(batch, capture, source);
        for (var pass = 1; ; pass++)
        {
            for (var row = 0; row < batch.Rows; row++) SameRow(config, expected, actual, row, capture, source);
            if (pass == 5) break;
            var rows = Enumerable.Range(0, batch.Rows).Where(_ => random.Next(3) > 0).ToArray();
            random.Shuffle(rows);
            var memory = new float[rows.Length * config.Hidden];
            expected.Memory(rows, memory);
            expected.Refine(rows, memory);
            actual.Refine(rows, memory);
        }
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 24)];

    private static void SameRow(ModelConfig config, IDecoderState expected, IDecoderState actual, int row, Capture capture, MemorySource source)
    {
        Close<TDecoder>.Assert(expected.EndState(row), actual.EndState(row));
        Close<TDecoder>.Assert(expected.AttentionRow(row), actual.AttentionRow(row));
        Close<TDecoder>.Assert(expected.TokenState(row, expected.Tokens(row) / 2), actual.TokenState(row, expected.Tokens(row) / 2));
        if (capture.HasFlag(Capture.MeanStates)) Close<TDecoder>.Assert(expected.MeanState(row), actual.MeanState(row));
        for (var layer = 0; layer < config.Layers; layer++)
        {
            if (capture.HasFlag(Capture.Values)) Close<TDecoder>.Assert(expected.MeanValue(row, layer), actual.MeanValue(row, layer));
            if (capture.HasFlag(Capture.AttentionOutputs)) Close<TDecoder>.Assert(expected.AttentionOutput(row, layer), actual.AttentionOutput(row, layer));
        }

        var (one, other) = (new float[config.Hidden], new float[config.Hidden]);
        expected.Memory([row], one);
        actual.Memory([row], other);
        if (!source.TextOnly || expected.Tokens(row) > 1) Close<TDecoder>.Assert(one, other);
        else Assert.Equal(one, other);      // there is no text to sum over: zero
    }

    private static void SameModel(string? path, PoolingKind pooling, int passes, bool traces = true)
    {
        using var managed = LanguageModel.Load(path);
        using var model = LanguageModel.Load(path, new ModelParts { Decoders = [TDecoder.Build] });
        Same(managed, model, pooling, passes, traces);
    }

    /// <summary>One call that keeps each of its passes: k = 1 is the first of them, and so on.</summary>
    private static void Same(LanguageModel managed, LanguageModel model, PoolingKind pooling, int passes, bool traces = true)
    {
        var options = new EmbeddingOptions { Pooling = pooling };
        if (options.TakesPasses) options = options with { Iterations = passes, AllIterations = true, KeepAttention = true };
        var texts = pooling is PoolingKind.Mean or PoolingKind.Va && managed.Tokenizer.SuffixIds.Count == 0 ? [.. Texts.Where(text => text != "")] : Texts;
        var expected = new TextEmbedder(managed).Embed(texts, options);
        var actual = new TextEmbedder(model).Embed(texts, options);
        for (var text = 0; text < texts.Length; text++)
        {
            Assert.Equal((expected[text].Tokens, expected[text].Truncated), (actual[text].Tokens, actual[text].Truncated));
            Assert.Equal(options.Iterations, actual[text].Passes.Count);
            foreach (var (one, other) in expected[text].Passes.Zip(actual[text].Passes)) SamePass(one, other, traces, $"text {text}, k = {one.K}:");
        }
    }

    private static void SamePass(PassEmbedding expected, PassEmbedding actual, bool traces, string what)
    {
        Close<TDecoder>.AssertDirection(expected.Vector, actual.Vector, SameDirection, what);
        if (expected.Trace is null || !traces) return;
        SameShares(expected.Attention!, actual.Attention!);
        SameTrace(expected.Trace, actual.Trace!, expected.Attention!.Length);
    }

    /// <summary>Attention sums to 1: what of it went elsewhere is at most the tolerance.</summary>
    private static void SameShares(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual, (one, other) => Math.Abs(one - other)).Sum() / 2, 0, TDecoder.Tolerance);
    }

    private static void SameTrace(PassTrace expected, PassTrace actual, int positions)
    {
        var share = Math.Max(1e-3, TDecoder.Tolerance);
        Assert.Equal(expected.Cosine, actual.Cosine, share);
        Assert.Equal(expected.RelativeChange, actual.RelativeChange, share);
        Assert.Equal(expected.AttentionEntropy, actual.AttentionEntropy, EntropyOf(share, positions));
        Assert.Equal(expected.FirstTokenShare, actual.FirstTokenShare, share);
    }

    /// <summary>How far entropies may lie apart where such a share of the attention may have gone elsewhere (Fannes and Audenaert's bound), in nats.</summary>
    private static double EntropyOf(double share, int positions) =>
        share * Math.Log(Math.Max(2, positions) - 1) - share * Math.Log(share) - (1 - share) * Math.Log(1 - share);

    private static int[] Ids(Random random, int vocabulary, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
}
