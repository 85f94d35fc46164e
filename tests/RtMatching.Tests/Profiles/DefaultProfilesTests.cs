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

    [Fact]
    public void The_built_in_model_gets_what_its_validation_says()
    {
        var config = Qwen3(layers: 4, hidden: 256) with { Vocabulary = 20_000, Window = 2048 };
        var profile = DefaultProfiles.Create(Model(config, suffix: [0]));

        Assert.Equal((2, PoolingKind.Last, 512, 256), (profile.Iterations, profile.Pooling, profile.MaxTokens, profile.Dimension));
        Assert.Null(profile.JobInstruction);
        Assert.Equal(TaskProfile.DefaultName, profile.Name);
    }

    /// <summary>The built-in model's folder with the files of sentence-transformers beside it.</summary>
    [Theory]
    [InlineData("lasttoken", "Instruct: Find passages\\nQuery:", PoolingKind.Last, true)]
    [InlineData("mean", "query: ", PoolingKind.Mean, false)]
    [InlineData("cls", "", PoolingKind.Last, false)]
    public void A_model_s_own_files_decide_pooling_and_instruction(string mode, string prompt, PoolingKind pooling, bool instructed)
    {
        var folder = Directory.CreateTempSubdirectory("rtmatch-defaults-");
        try
        {
            foreach (var file in Directory.EnumerateFiles(BuiltInModel.Path)) File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
            Directory.CreateDirectory(Path.Combine(folder.FullName, "1_Pooling"));
            File.WriteAllText(Path.Combine(folder.FullName, "1_Pooling", "config.json"), $$"""{"pooling_mode":"{{mode}}"}""");
            File.WriteAllText(Path.Combine(folder.FullName, "config_sentence_transformers.json"), $$$"""{"prompts":{"query":"{{{prompt}}}"}}""");
            using var model = LanguageModel.Load(folder.FullName);
            var profile = DefaultProfiles.Create(model, folder.FullName);

            Assert.Equal((ModelTask.Embedding, pooling, instructed), (profile.Purpose, profile.Pooling, profile.JobInstruction is not null));
            Assert.All(new DocumentEmbedder(model, profile).Embed(["a text"], DocumentKind.Job), vector => Assert.Equal(256, vector.Length));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
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
