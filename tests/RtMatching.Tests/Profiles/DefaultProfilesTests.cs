using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Profiles;

public class DefaultProfilesTests
{
    [Fact]
    public void Qwen3_embedding_8B_gets_the_published_optimum_and_an_indexable_dimension()
    {
        var profile = DefaultProfiles.Create(Model(Qwen3(layers: 36, hidden: 4096), suffix: [151643]));

        Assert.Equal((8, PoolingKind.Last, 2048), (profile.Iterations, profile.Pooling, profile.Dimension));
        Assert.Equal(DefaultProfiles.JobInstruction, profile.JobInstruction);
        Assert.Null(profile.CvInstruction);
    }

    [Fact]
    public void Its_base_model_of_the_same_shape_is_a_plain_language_model()
    {
        var profile = DefaultProfiles.Create(Model(Qwen3(layers: 36, hidden: 4096), suffix: []));

        Assert.Equal((1, PoolingKind.AlignedWva, ModelTask.LanguageModel), (profile.Iterations, profile.Pooling, profile.Purpose));
        Assert.Null(profile.JobInstruction);
    }

    [Fact]
    public void The_smaller_Qwen3_embedding_model_is_instructed_and_run_once()
    {
        var profile = DefaultProfiles.Create(Model(Qwen3(layers: 28, hidden: 1024), suffix: [151643]));

        Assert.Equal((1, PoolingKind.Last, 1024), (profile.Iterations, profile.Pooling, profile.Dimension));
        Assert.NotNull(profile.JobInstruction);
    }

    [Theory]
    [InlineData("jd2cv", 3, 300, 0.5, null)]
    [InlineData("sts", 1, 511, null, 64)]         // what is left out is the usual
    [InlineData("mine", 3, 300, 0.5, null)]       // its task is not known: jd2cv's
    public void A_model_s_own_profiles_go_first(string name, int iterations, int maxTokens, double? laterParts, int? dimension)
    {
        const string Profiles = """{"jd2cv": {"iterations": 3, "max_tokens": 300, "later_parts": 0.5}, "sts": {"dimension": 64, "max_tokens": 70000}}""";
        using var folder = BuiltInWith(Profiles, window: 512);
        using var model = LanguageModel.Load(folder.Path);
        var profile = DefaultProfiles.Create(model, folder.Path, name);

        Assert.Equal((iterations, maxTokens, dimension ?? model.Config.Hidden), (profile.Iterations, profile.MaxTokens, profile.Dimension));
        Assert.Equal(laterParts, profile.LaterParts);
        Assert.Equal((name, PoolingKind.Last, null), (profile.Name, profile.Pooling, profile.JobInstruction));
    }

    [Theory]
    [InlineData("""{"jd2cv": {"iterations": 0}}""", "iterations is 0; it must be from 1 to 64")]
    [InlineData("""{"jd2cv": {"dimension": 4001}}""", "dimension is 4001")]
    [InlineData("""{"jd2cv": {"later_parts": 1.5}}""", "later_parts is 1.5; it must be from 0 to 1")]
    [InlineData("""{"jd2cv": {"max_tokens": "many"}}""", "not an integer")]
    [InlineData("""{"jd2cv": [1]}""", "not an object")]
    [InlineData("""[]""", "not a JSON object")]
    public void Profiles_that_cannot_be_are_refused_by_file_and_field(string profiles, string message)
    {
        using var folder = BuiltInWith(profiles);
        using var model = LanguageModel.Load(folder.Path);
        var refusal = Assert.Throws<InvalidModelException>(() => DefaultProfiles.Create(model, folder.Path)).Message;

        Assert.Contains(message, refusal, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder.Path, "profiles.json"), refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jd2cv")]
    [InlineData("sts")]
    [InlineData("skill")]
    public void The_built_in_model_has_profiles_for_its_tasks(string name)
    {
        using var model = LanguageModel.Load(null);

        Assert.NotNull(ModelProfile.Read(model.Path, name).Iterations);
        Assert.Equal(name, DefaultProfiles.Create(model, null, name).Name);
    }

    /// <summary>The built-in model's folder with the files of sentence-transformers beside it.</summary>
    [Theory]
    [InlineData("lasttoken", "Instruct: Find passages\\nQuery:", PoolingKind.Last, true)]
    [InlineData("mean", "query: ", PoolingKind.Mean, false)]
    [InlineData("cls", "", PoolingKind.Last, false)]
    public void A_model_s_own_files_decide_pooling_and_instruction(string mode, string prompt, PoolingKind pooling, bool instructed)
    {
        using var folder = BuiltInWith("""{"jd2cv": {"iterations": 2}}""");
        Directory.CreateDirectory(Path.Combine(folder.Path, "1_Pooling"));
        File.WriteAllText(Path.Combine(folder.Path, "1_Pooling", "config.json"), $$"""{"pooling_mode":"{{mode}}"}""");
        File.WriteAllText(Path.Combine(folder.Path, "config_sentence_transformers.json"), $$$"""{"prompts":{"query":"{{{prompt}}}"}}""");
        using var model = LanguageModel.Load(folder.Path);
        var profile = DefaultProfiles.Create(model, folder.Path);

        Assert.Equal((ModelTask.Embedding, pooling, instructed), (profile.Purpose, profile.Pooling, profile.JobInstruction is not null));
        Assert.Equal(pooling == PoolingKind.Mean ? 1 : 2, profile.Iterations);      // a mean takes no passes
        Assert.All(
            new DocumentEmbedder(model, profile).Embed(["a text"], DocumentKind.Job), vector => Assert.Equal(model.Config.Hidden, vector.Length));
    }

    [Fact]
    public void Max_tokens_leave_the_memory_token_its_position()
    {
        var config = Qwen3(layers: 2, hidden: 64) with { Window = 100, Vocabulary = 500 };

        Assert.Equal(99, DefaultProfiles.Create(Model(config, suffix: [0])).MaxTokens);
    }

    [Theory]
    [InlineData(256, 256)]
    [InlineData(4000, 4000)]
    [InlineData(4096, 2048)]
    [InlineData(8192, 2048)]
    public void A_dimension_that_cannot_be_indexed_is_cut_to_a_power_of_two(int hidden, int dimension) =>
        Assert.Equal(dimension, DefaultProfiles.Dimension(hidden));

    /// <summary>The built-in model's folder with other files beside it.</summary>
    private sealed class ModelFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("rtmatch-defaults-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    private static ModelFolder BuiltInWith(string profiles, int? window = null)
    {
        var folder = new ModelFolder();
        foreach (var file in Directory.EnumerateFiles(BuiltInModel.Path)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(folder.Path, "profiles.json"), profiles);
        var config = Path.Combine(folder.Path, "config.json");
        if (window is not null) File.WriteAllText(config, File.ReadAllText(config).Replace("2048", $"{window}", StringComparison.Ordinal));
        return folder;
    }

    private static ModelConfig Qwen3(int layers, int hidden) => new()
    {
        Family = ModelFamily.Qwen3, Layers = layers, Hidden = hidden, FeedForward = 3 * hidden, Heads = 8, KeyValueHeads = 8, HeadDim = 128,
        Vocabulary = 151_665, Window = 32_768, RopeTheta = 1e6f, NormEpsilon = 1e-6f,
    };

    private static LanguageModel Model(ModelConfig config, int[] suffix) =>
        new("model", new string('0', 64), new ByteTokenizer(suffix: suffix), new ShapeOnly(config));

    private sealed class ShapeOnly(ModelConfig config) : IDecoder
    {
        public ModelConfig Config => config;
        public IDecoderState Prefill(PackedBatch batch, Capture capture, MemorySource memory, IPromptPrefix? prefix, CancellationToken cancellation) =>
            throw new NotSupportedException();
        public IPromptPrefix Prefix(ReadOnlySpan<int> ids, CancellationToken cancellation) => throw new NotSupportedException();
        public void Embedding(int id, Span<float> destination) => throw new NotSupportedException();
        public void Dispose()
        {
        }
    }
}
