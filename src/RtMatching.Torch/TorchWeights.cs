using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>One transformer block's weights on the device. Shapes are (out, in); a null is one that the family does not have.</summary>
internal sealed record TorchLayer
{
    public required Tensor AttentionNorm { get; init; } // (hidden)
    public required Tensor QueryKeyValue { get; init; } // ((heads + 2 kvHeads) * headDim, hidden)
    public Tensor? QueryKeyValueBias { get; init; } // ((heads + 2 kvHeads) * headDim)
    public Tensor? QueryNorm { get; init; } // (headDim)
    public Tensor? KeyNorm { get; init; } // (headDim)
    public required Tensor Output { get; init; } // (hidden, heads * headDim)
    public Tensor? OutputBias { get; init; } // (hidden)
    public required Tensor FeedForwardNorm { get; init; } // (hidden)
    public required Tensor GateUp { get; init; } // (2 * feedForward, hidden): gates, then ups
    public required Tensor Down { get; init; } // (hidden, feedForward)
}

/// <summary>
/// Every weight of a decoder on its device, in its precision (norms of the residual in float32, as it is), and nowhere else: the mapped files
/// are copied there piece by piece, so that a model larger than the machine's memory loads onto a device that holds it. Matrices that multiply
/// the same input are one.
/// </summary>
internal sealed class TorchWeights : IDisposable
{
    private readonly ModelConfig _config;
    private readonly IWeights _weights;
    private readonly torch.Device _device;
    private readonly torch.ScalarType _precision;
    private readonly StagingBuffer _staging;
    private readonly List<Tensor> _tensors = [];

    /// <exception cref="InvalidWeightsException">A tensor is missing or has another shape than the config says.</exception>
    public TorchWeights(ModelConfig config, IWeights weights, TorchDevice device, TorchPrecision precision)
    {
        (_config, _weights, _device, _precision) = (config, weights, device.Device, precision.ScalarType());
        ExpectedTensors.Check("weights", config, weights.Tensors);
        using var staging = _staging = new StagingBuffer(device);
        try
        {
            Embedding = Read("model.embed_tokens.weight");
            FinalNorm = Read(torch.ScalarType.Float32, "model.norm.weight");
            Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => ReadLayer($"model.layers.{layer}."))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Tensor Embedding { get; } // (vocabulary, hidden)
    public IReadOnlyList<TorchLayer> Layers { get; }
    public Tensor FinalNorm { get; } // (hidden)

    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor.Dispose();
    }

    private TorchLayer ReadLayer(string prefix)
    {
        var (attention, mlp) = (prefix + "self_attn.", prefix + "mlp.");
        string[] projections = [attention + "q_proj", attention + "k_proj", attention + "v_proj"];
        var outputBias = attention + "o_proj.bias";
        return new TorchLayer
        {
            AttentionNorm = Read(torch.ScalarType.Float32, prefix + "input_layernorm.weight"),
            QueryKeyValue = Read([.. projections.Select(name => name + ".weight")]),
            QueryKeyValueBias = _config.AttentionBias ? Read([.. projections.Select(name => name + ".bias")]) : null,
            QueryNorm = _config.QueryKeyNorm ? Read(torch.ScalarType.Float32, attention + "q_norm.weight") : null,
            KeyNorm = _config.QueryKeyNorm ? Read(torch.ScalarType.Float32, attention + "k_norm.weight") : null,
            Output = Read(attention + "o_proj.weight"),
            OutputBias = _weights.Tensors.ContainsKey(outputBias) ? Read(outputBias) : null,
            FeedForwardNorm = Read(torch.ScalarType.Float32, prefix + "post_attention_layernorm.weight"),
            GateUp = Read(mlp + "gate_proj.weight", mlp + "up_proj.weight"),
            Down = Read(mlp + "down_proj.weight"),
        };
    }

    /// <summary>The tensors one below the other.</summary>
    private Tensor Read(params string[] names) => Read(_precision, names);

    private Tensor Read(torch.ScalarType type, params string[] names)
    {
        var parts = names.Select(name => _weights.Tensors[name]).ToArray();
        long[] shape = [parts.Sum(part => (long)part.Shape[0]), .. parts[0].Shape.Skip(1).Select(size => (long)size)];
        var tensor = torch.empty(shape, type, _device).DetachFromDisposeScope();
        _tensors.Add(tensor);
        var first = 0L;
        foreach (var part in parts)
        {
            using var target = tensor.narrow(0, first, part.Shape[0]);
            _staging.Copy(_weights, part, target);
            first += part.Shape[0];
        }

        return tensor;
    }
}
