using RtMatching.Core.Evaluation;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

/// <summary>The scalings of the memory and the learned map's files, besides what is computed.</summary>
public sealed class MemoryScalingTests : MemoryScalingContract<ManagedDecoder>
{
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
        var plain = new TextEmbedder(Model).Embed(["1 2 3"], new EmbeddingOptions { AppendEos = AppendEos.Never })[0];
        var memory = new MemorySettings { Head = 1, PreNorm = true, Scale = MemoryScale.LearnedMap };   // no map is there, and none is needed

        var vector = new TextEmbedder(Model).Embed(["1 2 3"], new EmbeddingOptions { AppendEos = AppendEos.Never, Memory = memory })[0];

        Assert.Equal(plain.Vector, vector.Vector);
    }

    [Fact]
    public void Settings_that_the_model_cannot_honour_are_refused_with_the_remedy()
    {
        Refused<ArgumentException>(new MemorySettings { Head = 4 }, "query heads 0 to 3");
        Refused<ArgumentException>(new MemorySettings { Head = -1 }, "query heads 0 to 3");
        Refused<ArgumentException>(new MemorySettings { Map = "x" }, "learned-map");
        Refused<InvalidMemoryMapException>(new MemorySettings { Scale = MemoryScale.LearnedMap }, "name the map's file");
        Refused<InvalidMemoryMapException>(Learned(Path.Combine(Folder, "none")), "rtmatch memory fit");
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

        Assert.Equal(EmbeddingCache.Settings(Model, options), EmbeddingCache.Settings(Model, copied));
        Assert.NotEqual(EmbeddingCache.Settings(Model, options), EmbeddingCache.Settings(Model, other));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("not safetensors at all", "claims")]
    public void A_file_that_is_no_map_is_refused(string content, string problem)
    {
        var path = Path.Combine(Folder, "broken");
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
        var path = Path.Combine(Folder, "other");
        var metadata = new Dictionary<string, string> { ["weights_hash"] = "00ff", ["states"] = states, ["ridge"] = "0", ["tokens"] = "1", ["texts"] = "1" };
        if (version is not null) metadata["rtmatch_memory_map"] = version;
        using (var file = File.Create(path)) SafetensorsWriter.Write(file, tensor, [2, 2], [1, 2, 3, number], metadata);

        Assert.Contains(problem, Assert.Throws<InvalidMemoryMapException>(() => MemoryMap.Read(path)).Message);
    }

    private void Embed(MemorySettings memory) =>
        new TextEmbedder(Model).Embed(["1 2 3"], new EmbeddingOptions { Iterations = 2, AppendEos = AppendEos.Never, Memory = memory });

    private void Refused<T>(MemorySettings memory, string message) where T : Exception => Assert.Contains(message, Assert.Throws<T>(() => Embed(memory)).Message);
}
