using System.Globalization;
using RtMatching.Inference.Kernels;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>One transformer block's weights. Shapes are (out, in); a null vector is one that the family does not have.</summary>
internal sealed record LayerWeights : IDisposable
{
    public required NativeBuffer AttentionNorm { get; init; } // (hidden)
    public required PackedMatrix Query { get; init; } // (heads * headDim, hidden)
    public required PackedMatrix KeyValue { get; init; } // (2 * kvHeads * headDim, hidden): keys, then values
    public NativeBuffer? QueryBias { get; init; } // (heads * headDim)
    public NativeBuffer? KeyValueBias { get; init; } // (2 * kvHeads * headDim)
    public NativeBuffer? QueryNorm { get; init; } // (headDim)
    public NativeBuffer? KeyNorm { get; init; } // (headDim)
    public required PackedMatrix Output { get; init; } // (hidden, heads * headDim)
    public NativeBuffer? OutputBias { get; init; } // (hidden)
    public required NativeBuffer FeedForwardNorm { get; init; } // (hidden)
    public required PackedMatrix GateUp { get; init; } // (feedForward, hidden), twice
    public required PackedMatrix Down { get; init; } // (hidden, feedForward)

    public void Dispose()
    {
        IDisposable?[] parts =
        [
            AttentionNorm, Query, KeyValue, QueryBias, KeyValueBias, QueryNorm, KeyNorm, Output, OutputBias, FeedForwardNorm, GateUp, Down,
        ];
        foreach (var part in parts) part?.Dispose();
    }
}

/// <summary>
/// Every weight of a decoder, under Hugging Face's names. Matrices are packed once, as float32, and exist nowhere
/// else; the embedding stays in the file and is read row by row. There is no lm_head: nothing here predicts tokens.
/// </summary>
internal sealed class DecoderWeights : IDisposable
{
    private readonly ModelConfig _config;
    private readonly IWeights _weights;
    private readonly TensorInfo _embedding; // (vocabulary, hidden)

    public DecoderWeights(ModelConfig config, IWeights weights, SimdKernels kernels, Workers workers)
    {
        (_config, _weights) = (config, weights);
        _embedding = Tensor("model.embed_tokens.weight", config.Vocabulary, config.Hidden);
        CheckLayerCount();
        var layers = new List<LayerWeights>();
        try
        {
            for (var layer = 0; layer < config.Layers; layer++) layers.Add(ReadLayer(layer, kernels, workers));
            FinalNorm = Vector("model.norm.weight", config.Hidden);
        }
        catch
        {
            layers.ForEach(layer => layer.Dispose());
            throw;
        }

        Layers = layers;
    }

    public IReadOnlyList<LayerWeights> Layers { get; }
    public NativeBuffer FinalNorm { get; } // (hidden)

    public void ReadEmbedding(int id, Span<float> destination) => _weights.ReadRows(_embedding, id, 1, destination);

    /// <summary>Frees the packed weights and closes the file.</summary>
    public void Dispose()
    {
        foreach (var layer in Layers) layer.Dispose();
        FinalNorm.Dispose();
        _weights.Dispose();
    }

    /// <summary>A file with more layers than its config says would otherwise run as a different, wrong model.</summary>
    private void CheckLayerCount()
    {
        const string prefix = "model.layers.";
        foreach (var name in _weights.Tensors.Keys)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var number = name.AsSpan(prefix.Length);
            number = number[..Math.Max(0, number.IndexOf('.'))];
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) && layer >= _config.Layers)
            {
                throw new InvalidWeightsException($"Tensor {name} belongs to layer {layer}, but the config names {_config.Layers} layers.");
            }
        }
    }

    private LayerWeights ReadLayer(int layer, SimdKernels kernels, Workers workers)
    {
        var prefix = $"model.layers.{layer}.";
        var (attention, mlp) = (prefix + "self_attn.", prefix + "mlp.");
        var (hidden, queryWidth, keyValueWidth) = (_config.Hidden, _config.QueryWidth, _config.KeyValueWidth);
        return new LayerWeights
        {
            AttentionNorm = Vector(prefix + "input_layernorm.weight", hidden),
            Query = Pack(Rows(attention + "q_proj.weight", queryWidth, hidden), queryWidth, hidden),
            KeyValue = Pack(KeyValueRows(attention), 2 * keyValueWidth, hidden),
            QueryBias = _config.AttentionBias ? Vector(attention + "q_proj.bias", queryWidth) : null,
            KeyValueBias = _config.AttentionBias ? KeyValueBias(attention) : null,
            QueryNorm = _config.QueryKeyNorm ? Vector(attention + "q_norm.weight", _config.HeadDim) : null,
            KeyNorm = _config.QueryKeyNorm ? Vector(attention + "k_norm.weight", _config.HeadDim) : null,
            Output = Pack(Rows(attention + "o_proj.weight", hidden, queryWidth), hidden, queryWidth),
            OutputBias = _weights.Tensors.ContainsKey(attention + "o_proj.bias") ? Vector(attention + "o_proj.bias", hidden) : null,
            FeedForwardNorm = Vector(prefix + "post_attention_layernorm.weight", hidden),
            GateUp = PackedMatrix.PackGated(
                kernels,
                workers,
                _config.FeedForward,
                hidden,
                Rows(mlp + "gate_proj.weight", _config.FeedForward, hidden),
                Rows(mlp + "up_proj.weight", _config.FeedForward, hidden)),
            Down = Pack(Rows(mlp + "down_proj.weight", hidden, _config.FeedForward), hidden, _config.FeedForward),
        };

        PackedMatrix Pack(RowReader rows, int outputs, int depth) => PackedMatrix.Pack(kernels, workers, outputs, depth, rows);
    }

    private RowReader Rows(string name, int outputs, int depth)
    {
        var tensor = Tensor(name, outputs, depth);
        return (first, count, destination) => _weights.ReadRows(tensor, first, count, destination);
    }

    /// <summary>The rows of k_proj, then those of v_proj, as one matrix.</summary>
    private RowReader KeyValueRows(string attention)
    {
        var width = _config.KeyValueWidth;
        var keys = Tensor(attention + "k_proj.weight", width, _config.Hidden);
        var values = Tensor(attention + "v_proj.weight", width, _config.Hidden);
        return (first, count, destination) =>
        {
            var fromKeys = Math.Clamp(width - first, 0, count);
            var split = fromKeys * _config.Hidden;
            if (fromKeys > 0) _weights.ReadRows(keys, first, fromKeys, destination[..split]);
            if (fromKeys < count) _weights.ReadRows(values, first + fromKeys - width, count - fromKeys, destination[split..]);
        };
    }

    private NativeBuffer KeyValueBias(string attention)
    {
        var width = _config.KeyValueWidth;
        var bias = new NativeBuffer(2L * width);
        _weights.ReadRows(Tensor(attention + "k_proj.bias", width), 0, 1, bias.Slice(0, width));
        _weights.ReadRows(Tensor(attention + "v_proj.bias", width), 0, 1, bias.Slice(width, width));
        return bias;
    }

    private NativeBuffer Vector(string name, int length)
    {
        var tensor = Tensor(name, length);
        var vector = new NativeBuffer(length);
        _weights.ReadRows(tensor, 0, 1, vector.Slice(0, length));
        return vector;
    }

    private TensorInfo Tensor(string name, params int[] shape)
    {
        if (!_weights.Tensors.TryGetValue(name, out var tensor))
        {
            throw new InvalidWeightsException(
                $"The weights have no tensor {name}, which a {_config.Family} decoder of {_config.Layers} layers needs: " +
                "config and weights must belong to the same model.");
        }

        if (!tensor.Shape.SequenceEqual(shape))
        {
            throw new InvalidWeightsException(
                $"Tensor {name} has shape ({string.Join(", ", tensor.Shape)}), but the config asks for ({string.Join(", ", shape)}).");
        }

        return tensor;
    }
}
