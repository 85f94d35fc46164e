using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

/// <summary>The scalings of the memory, through everything that embeds, against <see cref="PlainDecoder"/>.</summary>
public abstract class MemoryScalingContract<TDecoder> : IDisposable where TDecoder : ITestedDecoder
{
    protected const int Hidden = 20;

    private static readonly ModelConfig Config = new()
    {
        Family = ModelFamily.Qwen3, QueryKeyNorm = true, Layers = 2, Hidden = Hidden, FeedForward = 24, Heads = 4, KeyValueHeads = 2, HeadDim = 6,
        Vocabulary = 40, Window = 64, RopeTheta = 10_000, NormEpsilon = 1e-6f,
    };

    private static readonly int[][] Texts = [[1, 2, 3, 4, 5, 6], [7], [9, 8, 7, 30, 31, 32, 33, 1, 2, 9]];

    private readonly IWeights _weights = TDecoder.Stored(MemoryWeights.Random(Config, 5));

    protected MemoryScalingContract() => Model = new LanguageModel("random", "00ff", new IdTokenizer(Config.Vocabulary), TDecoder.Build(Config, _weights));

    protected LanguageModel Model { get; }

    protected string Folder { get; } = Directory.CreateTempSubdirectory("rtmatch-map-").FullName;

    public void Dispose()
    {
        Model.Dispose();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    public static TheoryData<MemoryScale, int?, bool, bool> Settings()
    {
        var data = new TheoryData<MemoryScale, int?, bool, bool>();
        foreach (var scale in Enum.GetValues<MemoryScale>())
            foreach (var head in new int?[] { null, 3 })
                foreach (var (textOnly, preNorm) in new[] { (false, false), (true, true), (false, true) }) data.Add(scale, head, textOnly, preNorm);
        return data;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_pass_equals_the_plain_decoder_with_the_same_scaling(MemoryScale scale, int? head, bool textOnly, bool preNorm)
    {
        var map = Map(preNorm);
        var settings = new MemorySettings
        {
            Head = head, TextOnly = textOnly, PreNorm = preNorm, Scale = scale, Map = scale == MemoryScale.LearnedMap ? Save(map) : null,
        };
        var options = new EmbeddingOptions { Iterations = 4, AllIterations = true, AppendEos = AppendEos.Never, Memory = settings };

        var embedded = new TextEmbedder(Model).Embed([.. Texts.Select(IdTokenizer.Text)], options);

        var plain = new PlainDecoder(Config, _weights);
        for (var text = 0; text < Texts.Length; text++)
        {
            var expected = plain.Passes(Texts[text], 4, new MemorySource(head, textOnly, preNorm), memory => Scaled(memory, scale, plain, map));
            for (var k = 0; k < 4; k++) AssertUnit(expected[k].States[^1], embedded[text].Passes[k].Vector);
        }
    }

    [Fact]
    public void The_mean_embedding_norm_is_that_of_every_id()
    {
        var plain = new PlainDecoder(Config, _weights);

        Assert.Equal(MeanNorm(plain), Model.MeanEmbeddingNorm, 5);
    }

    [Fact]
    public void Readings_of_different_memories_in_one_call_are_those_of_separate_calls()
    {
        string[] texts = [.. Texts.Select(IdTokenizer.Text)];
        MemorySettings[] memories = [new(), new() { Head = 1 }, new() { Scale = MemoryScale.EmbeddingNorm }, Learned(Save(Map(preNorm: false)))];
        EmbeddingOptions[] options = [.. memories.Select(memory => new EmbeddingOptions { Iterations = 3, AppendEos = AppendEos.Never, Memory = memory })];
        var embedder = new TextEmbedder(Model);

        var together = embedder.EmbedStream(texts, options).ToArray();

        for (var option = 0; option < options.Length; option++)
        {
            var alone = embedder.Embed(texts, options[option]);
            for (var text = 0; text < texts.Length; text++) Assert.Equal(alone[text].Vector, together[text][option].Vector);
        }
    }

    protected static MemoryMapOrigin Origin(bool preNorm = false) => new("00ff", preNorm, 0.001, 400, 7);

    protected static MemoryMap Map(bool preNorm)
    {
        var random = new Random(3);
        return new MemoryMap([.. Enumerable.Range(0, Hidden * Hidden).Select(_ => random.NextSingle() - 0.5f)], Origin(preNorm));
    }

    protected string Save(MemoryMap map)
    {
        var path = Path.Combine(Folder, $"{Guid.NewGuid():N}.safetensors");
        using var file = File.Create(path);
        map.Save(file);
        return path;
    }

    protected static MemorySettings Learned(string path) => new() { Scale = MemoryScale.LearnedMap, Map = path };

    private static double[] Scaled(double[] memory, MemoryScale scale, PlainDecoder plain, MemoryMap map)
    {
        if (scale == MemoryScale.AsIs) return memory;
        if (scale == MemoryScale.LearnedMap)
            return [.. Enumerable.Range(0, Hidden).Select(o => Enumerable.Range(0, Hidden).Sum(i => map.Weight[o * Hidden + i] * memory[i]))];
        var length = Math.Sqrt(memory.Sum(v => v * v));
        return length == 0 ? memory : [.. memory.Select(v => v * MeanNorm(plain) / length)];
    }

    private static double MeanNorm(PlainDecoder plain) =>
        Enumerable.Range(0, Config.Vocabulary).Average(id => Math.Sqrt(plain.Embed(id).Sum(v => v * v)));

    private static void AssertUnit(double[] expected, float[] actual)
    {
        var length = Math.Sqrt(expected.Sum(v => v * v));
        var difference = Math.Sqrt(expected.Select((v, i) => Math.Pow(v / length - actual[i], 2)).Sum());
        Assert.True(difference < TDecoder.Tolerance, $"off by {difference:g3}");
    }
}
