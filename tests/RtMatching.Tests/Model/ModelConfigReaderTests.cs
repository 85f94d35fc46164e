using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Weights;

namespace RtMatching.Tests.Model;

public sealed class ModelConfigReaderTests : IDisposable
{
    private const string Qwen3 = """
        {"model_type":"qwen3","vocab_size":151669,"hidden_size":1024,"intermediate_size":3072,"num_hidden_layers":28,"num_attention_heads":16,
        "num_key_value_heads":8,"head_dim":128,"hidden_act":"silu","max_position_embeddings":32768,"rms_norm_eps":1e-06,"rope_theta":1000000,
        "rope_scaling":null,"sliding_window":null,"use_sliding_window":false,"attention_bias":false,"eos_token_id":151645}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-config-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Qwen3_embedding_is_read()
    {
        var expected = new ModelConfig
        {
            Family = ModelFamily.Qwen3, Layers = 28, Hidden = 1024, FeedForward = 3072, Heads = 16, KeyValueHeads = 8, HeadDim = 128,
            Vocabulary = 151669, Window = 32768, RopeTheta = 1e6f, NormEpsilon = 1e-6f, EosId = 151645, QueryKeyNorm = true,
        };
        Assert.Equal(expected, Read(Qwen3));
    }

    [Fact]
    public void Newer_rope_parameters_and_lists_of_eos_ids_are_read()
    {
        var config = Read(With(
            ("\"rope_theta\":1000000", "\"rope_parameters\":{\"rope_theta\":5e5,\"rope_type\":\"default\"}"), ("151645}", "[128009,128001]}")));
        Assert.Equal((5e5f, 128009), (config.RopeTheta, config.EosId));
    }

    [Fact]
    public void What_a_family_leaves_unsaid_is_what_transformers_takes()
    {
        var qwen2 = Read(With(("\"qwen3\"", "\"qwen2\""), ("\"head_dim\":128,", ""), ("\"num_key_value_heads\":8,", ""), ("\"rope_theta\":1000000,", "")));
        Assert.Equal((64, 16, 10_000f, true, false), (qwen2.HeadDim, qwen2.KeyValueHeads, qwen2.RopeTheta, qwen2.AttentionBias, qwen2.QueryKeyNorm));
        var llama = Read(With(("\"model_type\":\"qwen3\"", "\"architectures\":[\"LlamaForCausalLM\"]"), ("\"attention_bias\":false", "\"attention_bias\":true")));
        Assert.Equal((ModelFamily.Llama, true, false), (llama.Family, llama.AttentionBias, llama.QueryKeyNorm));
        Assert.Equal(128, Read(With(("\"head_dim\":128,", ""))).HeadDim); // Qwen3's own default, not 1024 / 16
        Assert.Null(Read(With(("\"eos_token_id\":151645", "\"eos_token_id\":null"))).EosId);
    }

    [Theory]
    [InlineData("\"qwen3\"", "\"bert\"", "model_type is 'bert'")]
    [InlineData("\"model_type\":\"qwen3\",", "", "neither model_type nor architectures")]
    [InlineData("\"model_type\":\"qwen3\"", "\"architectures\":[\"Qwen3MoeForCausalLM\"]", "neither model_type nor architectures")]
    [InlineData("\"silu\"", "\"gelu\"", "hidden_act")]
    [InlineData("\"rope_scaling\":null", "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8}", "rope scaling of type 'llama3'")]
    [InlineData("\"rope_scaling\":null", "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}", "rope scaling of type 'yarn'")]
    [InlineData("\"rope_scaling\":null", "\"rope_parameters\":{\"rope_type\":\"yarn\",\"rope_theta\":1e6}", "rope scaling of type 'yarn'")]
    [InlineData("\"rope_scaling\":null", "\"partial_rotary_factor\":0.5", "partial_rotary_factor")]
    [InlineData("\"use_sliding_window\":false", "\"use_sliding_window\":true", "use_sliding_window")]
    [InlineData("\"rope_scaling\":null", "\"layer_types\":[\"full_attention\",\"sliding_attention\"]", "layer_types")]
    [InlineData("\"rope_scaling\":null", "\"mlp_bias\":true", "mlp_bias")]
    [InlineData("\"rope_scaling\":null", "\"quantization_config\":{\"bits\":4}", "quantization_config")]
    [InlineData("\"hidden_size\":1024", "\"hidden_size\":0", "hidden size is 0")]
    [InlineData("\"hidden_size\":1024", "\"hidden_size\":-1024", "hidden size is -1024")]
    [InlineData("\"hidden_size\":1024", "\"hidden_size\":2147483648", "hidden_size is '2147483648', not an integer")]
    [InlineData("\"hidden_size\":1024", "\"hidden_size\":1024.5", "hidden_size is '1024.5', not an integer")]
    [InlineData("\"hidden_size\":1024", "\"hidden_size\":\"1024\"", "not an integer")]
    [InlineData("\"hidden_size\":1024", "\"hidden_size\":NaN", "not readable as JSON")]
    [InlineData("\"hidden_size\":1024,", "", "the field hidden_size is missing")]
    [InlineData("\"num_hidden_layers\":28", "\"num_hidden_layers\":1000000", "number of layers is 1000000")]
    [InlineData("\"num_key_value_heads\":8", "\"num_key_value_heads\":7", "a divisor of the 16 heads")]
    [InlineData("\"num_key_value_heads\":8", "\"num_key_value_heads\":0", "number of key/value heads is 0")]
    [InlineData("\"num_attention_heads\":16", "\"num_attention_heads\":0", "number of heads is 0")]
    [InlineData("\"head_dim\":128", "\"head_dim\":127", "head dimension is 127")]
    [InlineData("\"vocab_size\":151669", "\"vocab_size\":2000000000", "vocabulary is 2000000000")]
    [InlineData("\"max_position_embeddings\":32768", "\"max_position_embeddings\":1", "window (positions) is 1")]
    [InlineData("\"rope_theta\":1000000", "\"rope_theta\":1e400", "rope_theta")]
    [InlineData("\"rope_theta\":1000000", "\"rope_theta\":1e300", "rope theta is")]
    [InlineData("\"rope_theta\":1000000", "\"rope_theta\":0", "rope theta is 0")]
    [InlineData("\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":0", "norm epsilon is 0")]
    [InlineData("\"eos_token_id\":151645", "\"eos_token_id\":151669", "end-of-text id is 151669")]
    [InlineData("\"eos_token_id\":151645", "\"eos_token_id\":-1", "end-of-text id is -1")]
    [InlineData("\"eos_token_id\":151645", "\"eos_token_id\":[[1]]", "not an integer")]
    [InlineData("\"eos_token_id\":151645", "\"eos_token_id\":1,\"eos_token_id\":2", "not readable as JSON")]
    [InlineData("\"eos_token_id\":151645", "\"hidden_act\":\"\\ud800\",\"eos_token_id\":1", "not readable as JSON")]
    public void Config_that_cannot_be_run_is_refused_by_field(string was, string becomes, string problem)
    {
        var error = Assert.ThrowsAny<InvalidModelException>(() => Read(With((was, becomes))));
        Assert.Contains(problem, error.Message);
        Assert.StartsWith(_folder.FullName, error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\":")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void What_is_no_object_is_refused(string json) => Assert.Contains("JSON", Assert.ThrowsAny<InvalidModelException>(() => Read(json)).Message);

    [Fact]
    public void Giant_config_is_refused_unread()
        => Assert.Contains("not believable", Assert.ThrowsAny<InvalidModelException>(() => Read(new string(' ', (1 << 20) + 1))).Message);

    [Fact]
    public void Gguf_metadata_are_read()
    {
        var expected = new ModelConfig
        {
            Family = ModelFamily.Qwen3, Layers = 2, Hidden = 8, FeedForward = 16, Heads = 2, KeyValueHeads = 1, HeadDim = 8,
            Vocabulary = 11, Window = 64, RopeTheta = 1e6f, NormEpsilon = 1e-6f, EosId = 3, QueryKeyNorm = true,
        };
        var bytes = Gguf("qwen3").UInt32("qwen3.attention.key_length", 8).UInt32("tokenizer.ggml.eos_token_id", 3)
            .Entry("qwen3.rope.freq_base", GgufValueType.Float32, BitConverter.GetBytes(1e6f));
        Assert.Equal(expected, ReadGguf(bytes));
    }

    [Fact]
    public void Gguf_biases_are_seen_by_their_tensors()
        => Assert.True(ReadGguf(Gguf("qwen2").Tensor("blk.0.attn_q.bias", 0, [8], 352)).AttentionBias);

    [Fact]
    public void Gguf_metadata_that_cannot_be_run_are_refused_by_key()
    {
        AssertRefused(Gguf("gemma"), "'general.architecture' is 'gemma'");
        AssertRefused(Gguf("llama").String("llama.rope.scaling.type", "yarn"), "'llama.rope.scaling.type': rope scaling of type 'yarn'");
        AssertRefused(Gguf("llama").Entry("llama.rope.scaling.factor", GgufValueType.Float32, BitConverter.GetBytes(8f)), "rope scaled by 8");
        AssertRefused(Gguf("llama").Entry("llama.rope.scale_linear", GgufValueType.Float32, BitConverter.GetBytes(2f)), "rope scaled by 2");
        AssertRefused(Gguf("llama").UInt32("llama.attention.sliding_window", 4096), "sliding window of 4096");
        AssertRefused(Gguf("llama").Tensor("rope_freqs.weight", 0, [2], 352), "'rope_freqs.weight' scales the rope");
        AssertRefused(Gguf("llama").UInt32("llama.attention.value_length", 16), "16 where a head has 4");
        AssertRefused(Gguf("llama").UInt32("llama.rope.dimension_count", 2), "2 where a head has 4");
        AssertRefused(Gguf("llama").UInt32("llama.expert_count", 8), "'llama.expert_count'");
        AssertRefused(Gguf("llama").UInt32("tokenizer.ggml.eos_token_id", 11), "end-of-text id is 11");
        AssertRefused(Gguf("llama", layers: 0), "number of layers is 0");
        AssertRefused(Gguf("llama", layers: uint.MaxValue), "'llama.block_count' is '4294967295', not an integer");
        AssertRefused(new GgufBytes { Data = 352 }.String("general.architecture", "llama").Tensor("t", 0, [8], 0), "is missing");
        AssertRefused(new GgufBytes { Data = 352 }.Tensor("t", 0, [8], 0), "'general.architecture' is missing");
    }

    private void AssertRefused(GgufBytes bytes, string problem)
    {
        var error = Assert.ThrowsAny<InvalidModelException>(() => ReadGguf(bytes));
        Assert.Contains(problem, error.Message);
        Assert.StartsWith(_folder.FullName, error.Message);
    }

    private static GgufBytes Gguf(string family, uint layers = 2) => new GgufBytes { Data = 384 }
        .String("general.architecture", family).UInt32($"{family}.block_count", layers).UInt32($"{family}.embedding_length", 8)
        .UInt32($"{family}.feed_forward_length", 16).UInt32($"{family}.attention.head_count", 2).UInt32($"{family}.attention.head_count_kv", 1)
        .UInt32($"{family}.context_length", 64).Tensor("token_embd.weight", 0, [8, 11], 0);

    private ModelConfig ReadGguf(GgufBytes bytes)
    {
        var path = Path.Combine(_folder.FullName, "model.gguf");
        File.WriteAllBytes(path, bytes.Build());
        using var file = GgufFile.Open(path);
        return ModelConfigReader.ReadGguf(file);
    }

    private ModelConfig Read(string json)
    {
        var path = Path.Combine(_folder.FullName, ModelConfigReader.FileName);
        File.WriteAllText(path, json);
        return ModelConfigReader.ReadJson(path);
    }

    private static string With(params (string Was, string Becomes)[] changes)
        => changes.Aggregate(Qwen3, (json, change) => json.Replace(change.Was, change.Becomes, StringComparison.Ordinal));
}
