using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>
/// Reads a decoder's shape from a Hugging Face <c>config.json</c> or from GGUF metadata. What the engine would compute
/// wrongly (scaled rope, sliding windows, other activations) is refused rather than ignored.
/// Sources: https://huggingface.co/docs/transformers/model_doc/qwen3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
/// </summary>
public static class ModelConfigReader
{
    public const string FileName = "config.json";

    /// <summary>
    /// What transformers takes for a Qwen3 model whose config names no head_dim; the other families divide hidden by heads.
    /// </summary>
    private const int Qwen3HeadDim = 128;

    /// <summary>What transformers takes where no rope_theta is given.</summary>
    private const double DefaultRopeTheta = 10_000;
    private const double DefaultNormEpsilon = 1e-6;

    /// <param name="path">The file <c>config.json</c>.</param>
    /// <exception cref="InvalidModelException">The file is missing or broken, or describes a model that is not supported.</exception>
    public static ModelConfig ReadJson(string path)
    {
        using var document = JsonFields.Parse(path);
        var fields = new JsonFields(path, document.RootElement);
        var family = Family(fields);
        RefuseVariants(fields);
        var hidden = fields.Int("hidden_size");
        var heads = fields.Int("num_attention_heads");
        return Checked(path, new ModelConfig
        {
            Family = family,
            Layers = fields.Int("num_hidden_layers"),
            Hidden = hidden,
            FeedForward = fields.Int("intermediate_size"),
            Heads = heads,
            KeyValueHeads = fields.OptionalInt("num_key_value_heads") ?? heads,
            HeadDim = fields.OptionalInt("head_dim") ?? (family == ModelFamily.Qwen3 ? Qwen3HeadDim : Quotient(hidden, heads)),
            Vocabulary = fields.Int("vocab_size"),
            Window = fields.Int("max_position_embeddings"),
            RopeTheta = (float)RopeTheta(fields),
            NormEpsilon = (float)(fields.OptionalDouble("rms_norm_eps") ?? DefaultNormEpsilon),
            EosId = fields.IntOrFirst("eos_token_id"),
            AttentionBias = family == ModelFamily.Qwen2 || fields.Bool("attention_bias"),
            QueryKeyNorm = family == ModelFamily.Qwen3,
        });
    }

    /// <exception cref="InvalidModelException">The metadata lacks a field, or describes a model that is not supported.</exception>
    public static ModelConfig ReadGguf(GgufFile file)
    {
        var fields = new GgufFields(file);
        var family = Family(fields.String("general.architecture"), file.Path, "metadata 'general.architecture'");
        RefuseVariants(file, fields);
        var hidden = fields.Int("embedding_length");
        var heads = fields.Int("attention.head_count");
        return Checked(file.Path, new ModelConfig
        {
            Family = family,
            Layers = fields.Int("block_count"),
            Hidden = hidden,
            FeedForward = fields.Int("feed_forward_length"),
            Heads = heads,
            KeyValueHeads = fields.OptionalInt("attention.head_count_kv") ?? heads,
            HeadDim = fields.OptionalInt("attention.key_length") ?? Quotient(hidden, heads),
            Vocabulary = Vocabulary(file, fields),
            Window = fields.Int("context_length"),
            RopeTheta = (float)(fields.OptionalDouble("rope.freq_base") ?? DefaultRopeTheta),
            NormEpsilon = (float)(fields.OptionalDouble("attention.layer_norm_rms_epsilon") ?? DefaultNormEpsilon),
            EosId = fields.OptionalInt("tokenizer.ggml.eos_token_id"),
            AttentionBias = file.Tensors.Any(t => t.Name == "blk.0.attn_q.bias"),
            QueryKeyNorm = family == ModelFamily.Qwen3,
        });
    }

    private static ModelFamily Family(JsonFields fields)
    {
        if (fields.OptionalString("model_type") is { } type) return Family(type, fields.Path, "model_type");
        var architecture = fields.FirstString("architectures") ?? "";
        foreach (var family in Enum.GetValues<ModelFamily>())
            if (architecture.StartsWith(family + "For", StringComparison.Ordinal) || architecture == family + "Model") return family;
        throw new InvalidModelException($"{fields.Path}: neither model_type nor architectures names a Qwen3, Qwen2 or Llama model.");
    }

    private static ModelFamily Family(string type, string path, string field) => type switch
    {
        "qwen3" => ModelFamily.Qwen3,
        "qwen2" => ModelFamily.Qwen2,
        "llama" => ModelFamily.Llama,
        _ => throw new InvalidModelException(
            $"{path}: {field} is {HeaderText.Quote(type)}; qwen3, qwen2 and llama models are supported."),
    };

    private static void RefuseVariants(JsonFields fields)
    {
        if (fields.OptionalString("hidden_act") is { } activation && activation != "silu")
            throw fields.Unsupported("hidden_act", $"the activation {HeaderText.Quote(activation)}, not silu,");
        if (fields.Bool("use_sliding_window")) throw fields.Unsupported("use_sliding_window", "attention in a sliding window");
        if (fields.Strings("layer_types").Any(t => t != "full_attention"))
            throw fields.Unsupported("layer_types", "attention other than full_attention");
        if (fields.Bool("mlp_bias")) throw fields.Unsupported("mlp_bias", "a bias in the feed-forward layers");
        if (fields.Has("quantization_config")) throw fields.Unsupported("quantization_config", "a quantised Hugging Face folder");
        foreach (var name in (string[])["rope_scaling", "rope_parameters"])
        {
            if (fields.Section(name) is not { } rope) continue;
            var type = rope.OptionalString("rope_type") ?? rope.OptionalString("type") ?? "default";
            if (type != "default") throw fields.Unsupported(name, $"rope scaling of type {HeaderText.Quote(type)}");
        }
        var rotary = fields.OptionalDouble("partial_rotary_factor")
            ?? fields.Section("rope_parameters")?.OptionalDouble("partial_rotary_factor");
        if (rotary is not (null or 1)) throw fields.Unsupported("partial_rotary_factor", "rope over a part of the head");
    }

    private static void RefuseVariants(GgufFile file, GgufFields fields)
    {
        if (fields.OptionalString("rope.scaling.type") is { } scaling && scaling != "none")
            throw fields.Unsupported("rope.scaling.type", $"rope scaling of type {HeaderText.Quote(scaling)}");
        foreach (var name in (string[])["rope.scaling.factor", "rope.scale_linear"])
            if (fields.OptionalDouble(name) is { } factor and not (0 or 1)) throw fields.Unsupported(name, $"rope scaled by {factor}");
        if (fields.OptionalInt("expert_count") is { } experts and not 0)
            throw fields.Unsupported("expert_count", $"a mixture of {experts} experts");
        if (fields.OptionalInt("attention.sliding_window") is { } window and not 0)
            throw fields.Unsupported("attention.sliding_window", $"attention in a sliding window of {window}");
        // Llama 3.1 and later carry their scaled frequencies as a tensor and say nothing in the metadata.
        if (file.Tensors.Any(t => t.Name == "rope_freqs.weight"))
            throw new InvalidModelException(
                $"{file.Path}: tensor 'rope_freqs.weight' scales the rope, which is not supported until a later version. "
                + "Use another model.");
        RefuseOtherHeadShapes(fields);
    }

    private static void RefuseOtherHeadShapes(GgufFields fields)
    {
        var headDim = fields.OptionalInt("attention.key_length")
            ?? Quotient(fields.Int("embedding_length"), fields.Int("attention.head_count"));
        foreach (var name in (string[])["attention.value_length", "rope.dimension_count"])
            if (fields.OptionalInt(name) is { } length && length != headDim)
                throw fields.Unsupported(name, $"{length} where a head has {headDim}");
    }

    private static double RopeTheta(JsonFields fields)
        => fields.OptionalDouble("rope_theta") ?? fields.Section("rope_parameters")?.OptionalDouble("rope_theta") ?? DefaultRopeTheta;

    /// <summary>The embedding's rows; the metadata's own count is optional and some files pad the embedding.</summary>
    private static int Vocabulary(GgufFile file, GgufFields fields)
    {
        var embedding = file.Tensors.FirstOrDefault(t => t.Name == "token_embd.weight");
        return embedding is { Dimensions: [_, var rows] } ? checked((int)rows) : fields.Int("vocab_size");
    }

    /// <summary>0, which no check lets pass, where there are no heads to divide by.</summary>
    private static int Quotient(int hidden, int heads) => heads > 0 ? hidden / heads : 0;

    private static ModelConfig Checked(string path, ModelConfig config)
    {
        config.Check(path);
        return config;
    }
}
