namespace RtMatching.Inference.Weights;

/// <summary>GGUF's names for the tensors of the Llama and Qwen families, and Hugging Face's.</summary>
internal static class GgufTensorNames
{
    private const string BlockPrefix = "blk.";

    private static readonly Dictionary<string, string> Whole = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> InLayer = new()
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["attn_output"] = "self_attn.o_proj",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary><c>blk.0.attn_q.weight</c> becomes <c>model.layers.0.self_attn.q_proj.weight</c>; a name that is not known stays.</summary>
    public static string ToHuggingFace(string name)
    {
        var dot = name.LastIndexOf('.');
        if (dot < 0) return name;
        var (stem, suffix) = (name[..dot], name[dot..]);
        if (Whole.TryGetValue(stem, out var whole)) return whole + suffix;
        if (!stem.StartsWith(BlockPrefix, StringComparison.Ordinal)) return name;
        var parts = stem[BlockPrefix.Length..].Split('.', 2);
        return parts.Length == 2 && IsNumber(parts[0]) && InLayer.TryGetValue(parts[1], out var inLayer)
            ? $"model.layers.{parts[0]}.{inLayer}{suffix}"
            : name;
    }

    private static bool IsNumber(string text) => text.Length is > 0 and <= 6 && text.All(char.IsAsciiDigit);
}
