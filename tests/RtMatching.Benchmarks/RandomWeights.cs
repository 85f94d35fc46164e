using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Benchmarks;

/// <summary>A model's tensors, made up as they are read, so that a benchmark of any shape needs no file.</summary>
internal sealed class RandomWeights(ModelConfig config) : IWeights
{
    public string Hash => "random";

    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; } = Describe(config).ToDictionary(tensor => tensor.Name);

    public void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination)
    {
        var random = new Random(HashCode.Combine(tensor.Shape[0], firstRow));
        var isNorm = tensor.Shape.Count == 1;
        var scale = 1.7f / MathF.Sqrt(tensor.Shape[^1]);
        foreach (ref var value in destination[..(rowCount * tensor.Shape[^1])]) value = isNorm ? 1 : scale * (2 * random.NextSingle() - 1);
    }

    public void Dispose()
    {
    }

    private static IEnumerable<TensorInfo> Describe(ModelConfig config)
    {
        yield return Tensor("model.embed_tokens.weight", config.Vocabulary, config.Hidden);
        yield return Tensor("model.norm.weight", config.Hidden);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            yield return Tensor(prefix + "input_layernorm.weight", config.Hidden);
            yield return Tensor(prefix + "post_attention_layernorm.weight", config.Hidden);
            yield return Tensor(prefix + "self_attn.q_proj.weight", config.QueryWidth, config.Hidden);
            yield return Tensor(prefix + "self_attn.k_proj.weight", config.KeyValueWidth, config.Hidden);
            yield return Tensor(prefix + "self_attn.v_proj.weight", config.KeyValueWidth, config.Hidden);
            yield return Tensor(prefix + "self_attn.o_proj.weight", config.Hidden, config.QueryWidth);
            yield return Tensor(prefix + "self_attn.q_norm.weight", config.HeadDim);
            yield return Tensor(prefix + "self_attn.k_norm.weight", config.HeadDim);
            yield return Tensor(prefix + "mlp.gate_proj.weight", config.FeedForward, config.Hidden);
            yield return Tensor(prefix + "mlp.up_proj.weight", config.FeedForward, config.Hidden);
            yield return Tensor(prefix + "mlp.down_proj.weight", config.Hidden, config.FeedForward);
        }
    }

    private static TensorInfo Tensor(string name, params int[] shape) => new(name, TensorType.F32, shape);
}
