using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Tests.Profiles;

/// <summary>Refined side and memory of a profile, with the built-in model.</summary>
public sealed class MemoryProfileTests : IClassFixture<MemoryProfileTests.BuiltIn>, IDisposable
{
    private const string Text = "Baker, four years of pastry and bread, early shifts.";

    private readonly LanguageModel _model;
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-map-").FullName;

    public MemoryProfileTests(BuiltIn builtIn) => _model = builtIn.Model;

    public sealed class BuiltIn : IDisposable
    {
        public LanguageModel Model { get; } = LanguageModel.Load(null);

        public void Dispose() => Model.Dispose();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(PoolingKind.MetaEol)]
    [InlineData(PoolingKind.Mean)]
    public void A_pooling_without_passes_ends_those_that_the_profile_had(PoolingKind pooling)
    {
        var refined = new ProfileChange { Iterations = 3, Stop = new StableChange(0.03f) }.Apply("p", null, _model, null);
        var profile = new ProfileChange { Pooling = pooling }.Apply("p", refined, _model, null);

        Assert.Equal((pooling, 1, null), (profile.Pooling, profile.Iterations, profile.Stop));
        Assert.Contains("takes no passes",
            Assert.Throws<ArgumentException>(() => new ProfileChange { Pooling = pooling, Iterations = 2 }.Apply("p", refined, _model, null)).Message);
    }

    [Theory]
    [InlineData(RefinedSide.Both, 3, 3)]
    [InlineData(RefinedSide.Query, 3, 1)]
    [InlineData(RefinedSide.Document, 1, 3)]
    public void The_refined_side_takes_all_passes_and_the_other_is_the_plain_model(RefinedSide refined, int queryPasses, int documentPasses)
    {
        var profile = new ProfileChange { Iterations = 3, Refined = refined, Dimension = _model.Config.Hidden }.Apply("p", null, _model, null);
        var embedder = new DocumentEmbedder(_model, profile);

        Assert.Equal(Plain(queryPasses), embedder.Embed([Text], DocumentKind.Job)[0]);
        Assert.Equal(Plain(documentPasses), embedder.Embed([Text], DocumentKind.Cv)[0]);
        Assert.NotEqual(Plain(1), Plain(3));
    }

    [Fact]
    public void What_a_change_does_not_name_stays()
    {
        var first = Apply(null, new MemoryChange { Head = new MemoryHead(1), States = MemoryStates.PreNorm });
        var second = Apply(first, new MemoryChange { Over = MemoryOver.Text, Scale = MemoryScale.EmbeddingNorm });
        var third = Apply(second, null);

        Assert.Equal(new MemorySettings { Head = 1, PreNorm = true, TextOnly = true, Scale = MemoryScale.EmbeddingNorm }, third.Memory);
        Assert.Equal(second, third);
    }

    [Fact]
    public void Settings_back_at_their_defaults_are_none()
    {
        var changed = Apply(null, new MemoryChange { Head = new MemoryHead(1), Over = MemoryOver.Text });

        Assert.Null(Apply(changed, new MemoryChange { Head = new MemoryHead(null), Over = MemoryOver.All }).Memory);
    }

    [Fact]
    public void The_profiles_memory_decides_its_vectors()
    {
        var profile = Apply(null, new MemoryChange { Head = new MemoryHead(0), Over = MemoryOver.Text, Scale = MemoryScale.EmbeddingNorm });

        var vector = new DocumentEmbedder(_model, profile).Embed([Text], DocumentKind.Cv)[0];

        Assert.Equal(Plain(3, new MemorySettings { Head = 0, TextOnly = true, Scale = MemoryScale.EmbeddingNorm }), vector);
        Assert.NotEqual(Plain(3), vector);
    }

    [Fact]
    public void A_learned_map_is_pinned_to_the_profile_and_another_in_its_place_is_refused()
    {
        var path = SaveMap(seed: 1);
        var profile = Apply(null, new MemoryChange { Scale = MemoryScale.LearnedMap, Map = path });
        Assert.Equal(MemoryMap.Read(path).Hash, profile.Memory!.MapHash);
        using var restarted = LanguageModel.Load(null);
        new DocumentEmbedder(restarted, profile).Embed([Text], DocumentKind.Cv);

        SaveMap(seed: 2);

        using var again = LanguageModel.Load(null);
        Assert.Contains("not the memory map", Assert.Throws<InvalidMemoryMapException>(() => new DocumentEmbedder(again, profile)).Message);
        var renewed = new ProfileChange { Memory = new MemoryChange { Scale = MemoryScale.LearnedMap } }.Apply("p", profile, again, null);
        Assert.Equal(MemoryMap.Read(path).Hash, renewed.Memory!.MapHash);
        Assert.NotEqual(profile.Memory.MapHash, renewed.Memory.MapHash);
    }

    [Fact]
    public void A_learned_map_that_is_missing_is_refused_unless_no_pass_needs_it()
    {
        var change = new MemoryChange { Scale = MemoryScale.LearnedMap, Map = Path.Combine(_folder, "none") };

        Assert.Contains("rtmatch memory fit", Assert.Throws<InvalidMemoryMapException>(() => Apply(null, change)).Message);
        var single = new ProfileChange { Iterations = 1, Memory = change }.Apply("p", null, _model, null);
        Assert.Throws<InvalidMemoryMapException>(() => new ProfileChange { Iterations = 2 }.Apply("p", single, _model, null));
    }

    [Fact]
    public void Another_scale_leaves_the_map_behind()
    {
        var learned = Apply(null, new MemoryChange { Scale = MemoryScale.LearnedMap, Map = SaveMap(seed: 1) });

        Assert.Null(Apply(learned, new MemoryChange { Scale = MemoryScale.AsIs }).Memory);
    }

    [Fact]
    public void A_head_that_the_model_has_not_is_refused() =>
        Assert.Contains("Memory head 99", Assert.Throws<ArgumentException>(() => Apply(null, new MemoryChange { Head = new MemoryHead(99) })).Message);

    [Theory]
    [InlineData("mean", null)]
    [InlineData("0", 0)]
    [InlineData("31", 31)]
    public void A_head_is_written_as_it_is_read(string word, int? head)
    {
        Assert.Equal(new MemoryHead(head), MemoryHead.Parse(word));
        Assert.Equal(word, new MemoryHead(head).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("median")]
    [InlineData("99999999999")]
    public void What_is_no_head_is_none(string word) => Assert.Null(MemoryHead.Parse(word));

    private TaskProfile Apply(TaskProfile? current, MemoryChange? memory) =>
        new ProfileChange { Iterations = 3, Memory = memory, Dimension = _model.Config.Hidden }.Apply("p", current, _model, null);

    private float[] Plain(int iterations, MemorySettings? memory = null) => new TextEmbedder(_model)
        .Embed([Text], new EmbeddingOptions { Iterations = iterations, Memory = memory ?? MemorySettings.Default })[0].Vector;

    private string SaveMap(int seed)
    {
        var (random, hidden, path) = (new Random(seed), _model.Config.Hidden, Path.Combine(_folder, "map.safetensors"));
        float[] weight = [.. Enumerable.Range(0, hidden * hidden).Select(_ => (random.NextSingle() - 0.5f) / hidden)];
        using var file = File.Create(path);
        new MemoryMap(weight, new MemoryMapOrigin(_model.WeightsHash, false, 0.001, 5000, 100)).Save(file);
        return path;
    }
}
