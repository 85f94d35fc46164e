using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>Weights in memory: those of a random model, or what a test puts there.</summary>
internal sealed class MemoryWeights : IWeights
{
    private readonly Dictionary<string, (TensorInfo Info, float[] Data)> _tensors = [];

    public string Hash => "";
    public bool Disposed { get; private set; }
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors.ToDictionary(t => t.Key, t => t.Value.Info);

    public static MemoryWeights Random(ModelConfig config, int seed)
    {
        var weights = new MemoryWeights();
        var random = new Random(seed);
        weights.AddRandom(random, "model.embed_tokens.weight", config.Vocabulary, config.Hidden);
        for (var layer = 0; layer < config.Layers; layer++) weights.AddLayer(random, config, $"model.layers.{layer}.");
        weights.AddRandom(random, "model.norm.weight", config.Hidden);
        return weights;
    }

    public void Add(string name, float[] data, params int[] shape) =>
        _tensors[name] = (new TensorInfo(name, TensorType.F32, shape), data);

    public void Remove(string name) => _tensors.Remove(name);

    public float[] Data(string name) => _tensors[name].Data;

    public void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination)
    {
        var width = tensor.Shape[^1];
        _tensors[tensor.Name].Data.AsSpan(firstRow * width, rowCount * width).CopyTo(destination);
    }

    public void Dispose() => Disposed = true;

    private void AddLayer(Random random, ModelConfig config, string prefix)
    {
        AddRandom(random, prefix + "input_layernorm.weight", config.Hidden);
        AddRandom(random, prefix + "post_attention_layernorm.weight", config.Hidden);
        foreach (var (part, width) in new[] { ("q", config.QueryWidth), ("k", config.KeyValueWidth), ("v", config.KeyValueWidth) })
        {
            AddRandom(random, $"{prefix}self_attn.{part}_proj.weight", width, config.Hidden);
            if (config.AttentionBias) AddRandom(random, $"{prefix}self_attn.{part}_proj.bias", width);
            if (config.QueryKeyNorm && part != "v") AddRandom(random, $"{prefix}self_attn.{part}_norm.weight", config.HeadDim);
        }

        AddRandom(random, prefix + "self_attn.o_proj.weight", config.Hidden, config.QueryWidth);
        AddRandom(random, prefix + "mlp.gate_proj.weight", config.FeedForward, config.Hidden);
        AddRandom(random, prefix + "mlp.up_proj.weight", config.FeedForward, config.Hidden);
        AddRandom(random, prefix + "mlp.down_proj.weight", config.Hidden, config.FeedForward);
    }

    /// <summary>Matrices keep the size of what passes through; norms lie around 1.</summary>
    private void AddRandom(Random random, string name, params int[] shape)
    {
        var data = new float[shape.Aggregate(1, (a, b) => a * b)];
        var isNorm = name.Contains("norm");
        var scale = shape.Length == 1 || name.Contains("embed") ? 0.5 : 1.7 / Math.Sqrt(shape[^1]);
        for (var i = 0; i < data.Length; i++) data[i] = (float)((isNorm ? 1 : 0) + scale * (2 * random.NextDouble() - 1));
        Add(name, data, shape);
    }
}
