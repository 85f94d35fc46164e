using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>
/// The tensors that a decoder of a given shape has. One that is missing, has another shape, or would be passed over
/// although the model computes with it, makes the model another one than its config says.
/// </summary>
internal static class ExpectedTensors
{
    /// <exception cref="InvalidWeightsException">Names file, tensor, what is wrong and the remedy.</exception>
    public static void Check(string path, ModelConfig config, IReadOnlyDictionary<string, TensorInfo> tensors)
    {
        var expected = Of(config).ToDictionary(t => t.Name, t => t.Shape);
        foreach (var (name, shape) in expected)
        {
            if (!tensors.TryGetValue(name, out var tensor))
                throw Invalid(path, name, $"is missing; a {config.Family} model of {config.Layers} layers has it, shape {Show(shape)}");
            if (!tensor.Shape.SequenceEqual(shape))
                throw Invalid(path, name, $"has the shape {Show(tensor.Shape)} where the config asks for {Show(shape)}");
        }
        foreach (var name in tensors.Keys)
            if (!expected.ContainsKey(name) && IsPartOfDecoder(name))
                throw Invalid(path, name, $"belongs to no {config.Family} model of {config.Layers} layers as its config describes it");
    }

    private static IEnumerable<(string Name, int[] Shape)> Of(ModelConfig config)
    {
        yield return ("model.embed_tokens.weight", [config.Vocabulary, config.Hidden]);
        yield return ("model.norm.weight", [config.Hidden]);
        for (var layer = 0; layer < config.Layers; layer++)
            foreach (var (name, shape) in OfLayer(config))
                yield return ($"model.layers.{layer}.{name}", shape);
    }

    private static IEnumerable<(string Name, int[] Shape)> OfLayer(ModelConfig config)
    {
        var (hidden, query, keyValue, feedForward) = (config.Hidden, config.QueryWidth, config.KeyValueWidth, config.FeedForward);
        yield return ("input_layernorm.weight", [hidden]);
        yield return ("self_attn.q_proj.weight", [query, hidden]);
        yield return ("self_attn.k_proj.weight", [keyValue, hidden]);
        yield return ("self_attn.v_proj.weight", [keyValue, hidden]);
        yield return ("self_attn.o_proj.weight", [hidden, query]);
        yield return ("post_attention_layernorm.weight", [hidden]);
        yield return ("mlp.gate_proj.weight", [feedForward, hidden]);
        yield return ("mlp.up_proj.weight", [feedForward, hidden]);
        yield return ("mlp.down_proj.weight", [hidden, feedForward]);
        if (config.QueryKeyNorm)
        {
            yield return ("self_attn.q_norm.weight", [config.HeadDim]);
            yield return ("self_attn.k_norm.weight", [config.HeadDim]);
        }
        if (config.AttentionBias)
        {
            yield return ("self_attn.q_proj.bias", [query]);
            yield return ("self_attn.k_proj.bias", [keyValue]);
            yield return ("self_attn.v_proj.bias", [keyValue]);
        }
    }

    /// <summary>The output bias is optional; old Llama files carry their rope's frequencies, which the config says as well.</summary>
    private static bool IsPartOfDecoder(string name)
        => (name.StartsWith("model.layers.", StringComparison.Ordinal) || name.StartsWith("blk.", StringComparison.Ordinal))
            && !name.EndsWith(".self_attn.o_proj.bias", StringComparison.Ordinal)
            && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    private static string Show(IEnumerable<int> shape) => $"({string.Join(", ", shape)})";

    private static InvalidWeightsException Invalid(string path, string name, string problem)
        => new($"{path}: tensor {HeaderText.Quote(name)} {problem}. "
            + "Config and weights must belong to the same model: download them together.");
}
