using RtMatching.Core.Evaluation;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

/// <summary>The scalings of the memory, through everything that embeds, against <see cref="PlainDecoder"/>.</summary>
public sealed class MemoryScalingTests : IDisposable
{
    private const int Hidden = 20;

    private static readonly ModelConfig Config = new()
    {
        Family = ModelFamily.Qwen3, QueryKeyNorm = true, Layers = 2, Hidden = Hidden, FeedForward = 24, Heads = 4, KeyValueHeads = 2, HeadDim = 6,
        Vocabulary = 40, Window = 64, RopeTheta = 10_000, NormEpsilon = 1e-6f,
    };

    private static readonly int[][] Texts = [[1, 2, 3, 4, 5, 6], [7], [9, 8, 7, 30, 31, 32, 33, 1, 2, 9]];

    private readonly MemoryWeights _weights = MemoryWeights.Random(Config, 5);
    private readonly LanguageModel _model;
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-map-").FullName;

    public MemoryScalingTests() => _model = new LanguageModel("random", "00ff", new IdTokenizer(Config.Vocabulary), new Decoder(Config, _weights));

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
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

        var embedded = new TextEmbedder(_model).Embed([.. Texts.Select(IdTokenizer.Text)], options);

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

        Assert.Equal(MeanNorm(plain), _model.MeanEmbeddingNorm, 5);
    }

    [Fact]
    public void Readings_of_different_memories_in_one_call_are_those_of_separate_calls()
    {
        string[] texts = [.. Texts.Select(IdTokenizer.Text)];
        MemorySettings[] memories = [new(), new() { Head = 1 }, new() { Scale = MemoryScale.EmbeddingNorm }, Learned(Save(Map(preNorm: false)))];
        EmbeddingOptions[] options = [.. memories.Select(memory => new EmbeddingOptions { Iterations = 3, AppendEos = AppendEos.Never, Memory = memory })];
        var embedder = new TextEmbedder(_model);

        var together = embedder.EmbedStream(texts, options).ToArray();

        for (var option = 0; option < options.Length; option++)
        {
            var alone = embedder.Embed(texts, options[option]);
            for (var text = 0; text < texts.Length; text++) Assert.Equal(alone[text].Vector, together[text][option].Vector);
        }
    }

    [Fact]
    public void A_memory_of_zero_stays_zero()
    {
        float[] memory = [0, 0, 3, 4];

        MemoryScalings.ToLength(10, hidden: 2)(memory);

        Assert.Equal([0, 0, 6, 8], memory);
    }

    [Fact]
    public void Memory_settings_change_nothing_where_there_is_one_pass()
    {
        var plain = new TextEmbedder(_model).Embed(["1 2 3"], new EmbeddingOptions { AppendEos = AppendEos.Never })[0];
        var memory = new MemorySettings { Head = 1, PreNorm = true, Scale = MemoryScale.LearnedMap };   // no map is there, and none is needed

        var vector = new TextEmbedder(_model).Embed(["1 2 3"], new EmbeddingOptions { AppendEos = AppendEos.Never, Memory = memory })[0];

        Assert.Equal(plain.Vector, vector.Vector);
    }

    [Fact]
    public void Settings_that_the_model_cannot_honour_are_refused_with_the_remedy()
    {
        Refused<ArgumentException>(new MemorySettings { Head = 4 }, "query heads 0 to 3");
        Refused<ArgumentException>(new MemorySettings { Head = -1 }, "query heads 0 to 3");
        Refused<ArgumentException>(new MemorySettings { Map = "x" }, "learned-map");
        Refused<InvalidMemoryMapException>(new MemorySettings { Scale = MemoryScale.LearnedMap }, "name the map's file");
        Refused<InvalidMemoryMapException>(Learned(Path.Combine(_folder, "none")), "rtmatch memory fit");
    }

    [Fact]
    public void A_map_comes_back_as_it_was_saved()
    {
        var map = Map(preNorm: true);

        var read = MemoryMap.Read(Save(map));

        Assert.Equal(map.Weight.ToArray(), read.Weight.ToArray());
        Assert.Equal(map.Origin, read.Origin);
        Assert.Equal(64, read.Hash.Length);
    }

    [Fact]
    public void A_map_of_another_model_or_of_other_states_is_refused()
    {
        Refused<InvalidMemoryMapException>(Learned(Save(new MemoryMap(new float[9], Origin()))), "states of 3 numbers");
        Refused<InvalidMemoryMapException>(Learned(Save(new MemoryMap(new float[Hidden * Hidden], Origin() with { WeightsHash = "ab" }))), "other weights");
        Refused<InvalidMemoryMapException>(Learned(Save(Map(preNorm: true))), "--memory-states final-norm");
        Refused<InvalidMemoryMapException>(Learned(Save(Map(preNorm: false))) with { PreNorm = true }, "--memory-states pre-norm");
    }

    [Fact]
    public void A_map_that_is_pinned_by_its_hash_is_no_other()
    {
        var path = Save(Map(preNorm: false));
        var pinned = Learned(path) with { MapHash = MemoryMap.Read(path).Hash };
        Embed(pinned);

        Refused<InvalidMemoryMapException>(pinned with { MapHash = new string('0', 64) }, "profiles set NAME --memory-scale learned-map");
    }

    [Fact]
    public void Kept_vectors_are_known_by_the_map_and_not_by_where_it_lies()
    {
        var options = new EmbeddingOptions { Iterations = 2, Memory = Learned(Save(Map(preNorm: false))) };
        var copied = options with { Memory = Learned(Save(Map(preNorm: false))) };
        var other = options with { Memory = Learned(Save(new MemoryMap(new float[Hidden * Hidden], Origin()))) };

        Assert.Equal(EmbeddingCache.Settings(_model, options), EmbeddingCache.Settings(_model, copied));
        Assert.NotEqual(EmbeddingCache.Settings(_model, options), EmbeddingCache.Settings(_model, other));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("not safetensors at all", "claims")]
    public void A_file_that_is_no_map_is_refused(string content, string problem)
    {
        var path = Path.Combine(_folder, "broken");
        File.WriteAllText(path, content);

        var error = Assert.Throws<InvalidMemoryMapException>(() => MemoryMap.Read(path));
        Assert.Contains(problem, error.Message);
        Assert.Contains("rtmatch memory fit", error.Message);
    }

    [Theory]
    [InlineData("other.weight", "1", "final-norm", 0, "not one square float32 tensor")]
    [InlineData("memory.weight", "2", "final-norm", 0, "version '2'")]
    [InlineData("memory.weight", "1", "first-norm", 0, "'first-norm'")]
    [InlineData("memory.weight", null, "final-norm", 0, "rtmatch_memory_map")]
    [InlineData("memory.weight", "1", "final-norm", float.NaN, "not finite")]
    public void A_tensor_file_that_is_no_map_of_ours_is_refused(string tensor, string? version, string states, float number, string problem)
    {
        var path = Path.Combine(_folder, "other");
        var metadata = new Dictionary<string, string> { ["weights_hash"] = "00ff", ["states"] = states, ["ridge"] = "0", ["tokens"] = "1", ["texts"] = "1" };
        if (version is not null) metadata["rtmatch_memory_map"] = version;
        using (var file = File.Create(path)) SafetensorsWriter.Write(file, tensor, [2, 2], [1, 2, 3, number], metadata);

        Assert.Contains(problem, Assert.Throws<InvalidMemoryMapException>(() => MemoryMap.Read(path)).Message);
    }

    private static MemoryMapOrigin Origin(bool preNorm = false) => new("00ff", preNorm, 0.001, 400, 7);

    private static MemoryMap Map(bool preNorm)
    {
        var random = new Random(3);
        return new MemoryMap([.. Enumerable.Range(0, Hidden * Hidden).Select(_ => random.NextSingle() - 0.5f)], Origin(preNorm));
    }

    private string Save(MemoryMap map)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.safetensors");
        using var file = File.Create(path);
        map.Save(file);
        return path;
    }

    private static MemorySettings Learned(string path) => new() { Scale = MemoryScale.LearnedMap, Map = path };

    private void Embed(MemorySettings memory) =>
        new TextEmbedder(_model).Embed(["1 2 3"], new EmbeddingOptions { Iterations = 2, AppendEos = AppendEos.Never, Memory = memory });

    private void Refused<T>(MemorySettings memory, string message) where T : Exception => Assert.Contains(message, Assert.Throws<T>(() => Embed(memory)).Message);

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
        Assert.True(difference < 1e-4, $"off by {difference:g3}");
    }
}
