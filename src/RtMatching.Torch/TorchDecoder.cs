using System.Runtime.InteropServices;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>
/// The Qwen3, Qwen2 and Llama decoders on libtorch. Everything but attention runs over the batch's tokens end to end; attention runs group by
/// group, over texts of similar length (<see cref="PrefillGroup"/>), and later passes are two tokens a text (<see cref="RefinementGroup"/>).
/// </summary>
/// <remarks>Safe to call from many threads; a device does one thing at a time, so calls gain nothing from running side by side.</remarks>
public sealed class TorchDecoder : IDecoder
{
    private readonly IWeights _files;
    private readonly TorchWeights _weights;
    private readonly RotaryTensors _rotary;
    private readonly TorchOperators _operators;
    private readonly torch.Device _device;
    private readonly bool _groupsHeads;
    private readonly TokenBudget? _budget;
    private bool _disposed;

    /// <param name="config">The model's shape.</param>
    /// <param name="weights">Owned by the decoder once built and closed with it.</param>
    /// <exception cref="InvalidWeightsException">A tensor is missing or has another shape than the config says.</exception>
    /// <exception cref="ArgumentException">The config's numbers contradict each other.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room for the weights.</exception>
    public TorchDecoder(ModelConfig config, IWeights weights, TorchDevice device, TorchPrecision precision)
        : this(config, weights, device, precision, groupsHeads: device.IsCuda && precision == TorchPrecision.BFloat16)
    {
    }

    /// <param name="groupsHeads">Attention reads shared KV heads where they are, which only some of libtorch's kernels do fast; else copies them.</param>
    internal TorchDecoder(ModelConfig config, IWeights weights, TorchDevice device, TorchPrecision precision, bool groupsHeads)
    {
        config.Check();
        (Config, Device, Precision, _files, _device, _groupsHeads) = (config, device, precision, weights, device.Device, groupsHeads);
        _weights = Run(() => new TorchWeights(config, weights, device, precision), 0);
        _rotary = new RotaryTensors(config.HeadDim, config.RopeTheta, _device);
        _operators = new TorchOperators(config.NormEpsilon);
        if (!device.IsCuda) return;
        try
        {
            _budget = TokenBudget.Measure(() => device.Memory().Free, Probe);
        }
        catch
        {
            Free();
            throw;
        }
    }

    public ModelConfig Config { get; }
    public TorchDevice Device { get; }
    string IDecoder.Device => Device.ToString();
    public TorchPrecision Precision { get; }

    /// <inheritdoc/>
    /// <remarks>Measured on a GPU; the CPU's memory is everybody's, and there large batches bring no speed.</remarks>
    public int? BatchTokens => _budget?.Tokens;

    public DeviceMemory? Memory
    {
        get
        {
            try
            {
                return Device.IsCuda ? Device.Memory() : null;
            }
            catch (ExternalException)
            {
                return null;
            }
        }
    }

    public IDecoderState Prefill(
        PackedBatch batch, Capture capture, MemorySource memory = default, IPromptPrefix? prefix = null, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Config.Check(batch, capture);
        var own = DecoderChecks.Own<TorchPrefix>(prefix, capture, one => one.Decoder == this);
        Config.CheckHead(memory.Head);
        var state = new TorchDecoderState(this, batch, capture, memory);
        try
        {
            Run(() => state.Prefill(own, cancellation), batch.Tokens);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    public IPromptPrefix Prefix(ReadOnlySpan<int> ids, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Config.CheckPrefix(ids);
        var tokens = ids.ToArray();
        return Run(() => new TorchPrefix(this, tokens, cancellation), tokens.Length);
    }

    public void Embedding(int id, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Config.CheckId(id, nameof(id));
        _files.ReadRows(_files.Tensors["model.embed_tokens.weight"], id, 1, destination);
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Free();
        _files.Dispose();
    }

    /// <summary>Does device work: without gradients, and everything that it makes and does not keep is freed at its end.</summary>
    /// <param name="tokens">Of the batch: where the device has no room for them, the next hold fewer.</param>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    /// <exception cref="DeviceLostException">The device is lost to this process.</exception>
    internal T Run<T>(Func<T> work, int tokens)
    {
        using var inference = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        try
        {
            return work();
        }
        catch (Exception exception) when (TorchErrors.Translate(exception, Device) is { } told)
        {
            if (told is DeviceMemoryException) _budget?.Shrink(tokens);
            throw told;
        }
    }

    internal void Run(Action work, int tokens) => Run(() =>
    {
        work();
        return true;
    }, tokens);

    internal Tensor Upload(long[] numbers) => torch.tensor(numbers, device: _device);

    /// <param name="numbers">Row by row.</param>
    /// <returns>(rows, <paramref name="width"/>)</returns>
    internal Tensor Upload(float[] numbers, int width) => torch.tensor(numbers, [numbers.Length / width, width], device: _device);

    /// <returns>Row by row.</returns>
    internal static float[] Download(Tensor tensor)
    {
        using var local = tensor.to(torch.ScalarType.Float32, torch.CPU).contiguous();
        return local.data<float>().ToArray();
    }

    /// <summary>Input embeddings, in float32 as the residual that begins with them. (ids, hidden)</summary>
    internal Tensor Embed(int[] ids) => _weights.Embedding.index_select(0, Upload([.. ids.Select(id => (long)id)])).to(torch.ScalarType.Float32);

    /// <summary>The model's final norm. (rows, hidden)</summary>
    internal Tensor FinalNorm(Tensor states) => _operators.RmsNorm(states, _weights.FinalNorm);

    /// <summary>All layers over new tokens.</summary>
    /// <param name="residual">
    /// Their input embeddings, overwritten. (tokens, hidden). In float32 whatever the precision: every layer adds to it, and what bfloat16 would
    /// round away at each sum is most of the difference from exact arithmetic.
    /// </param>
    /// <returns>The states before the final norm, of the end tokens alone where the pass wants no others. (rows, hidden)</returns>
    internal Tensor Forward(TorchPass pass, Tensor residual, CancellationToken cancellation)
    {
        var (cos, sin) = _rotary.At(Upload([.. pass.Positions.Select(position => (long)position)]), pass.Positions.Max() + 1);
        var ends = Upload(pass.EndTokens);
        for (var layer = 0; layer < Config.Layers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            var last = layer == Config.Layers - 1;
            var heads = new LayerHeads(layer, cos, sin, ends, last && pass.EndsOnly, last && pass.EndAttention);
            residual = AddAttention(pass, heads, residual);
            AddFeedForward(pass, _weights.Layers[layer], residual);
        }

        return residual;
    }

    /// <summary>What a layer's attention needs to know besides its input.</summary>
    private sealed record LayerHeads(int Layer, Tensor Cos, Tensor Sin, Tensor Ends, bool EndsOnly, bool EndAttention);

    /// <summary>residual += attention(norm(residual)) W_O. Gives the rows that go on.</summary>
    private Tensor AddAttention(TorchPass pass, LayerHeads heads, Tensor residual)
    {
        using var scope = torch.NewDisposeScope();
        var weights = _weights.Layers[heads.Layer];
        var (queries, keys, values) = Project(weights, heads, residual);
        pass.LayerValues?.Invoke(heads.Layer, values.flatten(1));
        Tensor[] contexts = [.. pass.Groups.Select(group => Attend(group, heads, queries, keys, values))];
        var context = contexts.Length == 1 ? contexts[0] : torch.cat(contexts, 0);
        var output = torch.nn.functional.linear(context, weights.Output, weights.OutputBias);
        pass.AttentionOutputs?.Invoke(heads.Layer, heads.EndsOnly ? output : output.index_select(0, heads.Ends));
        if (!heads.EndsOnly) return residual.add_(output, TorchScalars.One);
        return residual.index_select(0, heads.Ends).add_(output, TorchScalars.One).MoveToOuterDisposeScope();
    }

    private Tensor Attend(IAttentionGroup group, LayerHeads heads, Tensor queries, Tensor keys, Tensor values)
    {
        var (first, count) = (group.FirstToken, group.Tokens);
        var (placedKeys, placedValues) = group.Place(heads.Layer, keys.narrow(0, first, count), values.narrow(0, first, count));
        if (heads.EndAttention) group.KeepEndAttention(Ends(), placedKeys);
        return heads.EndsOnly
            ? group.AttendEnds(Ends(), placedKeys, placedValues)
            : group.Attend(queries.narrow(0, first, count), placedKeys, placedValues);

        Tensor Ends() => queries.index_select(0, Upload([.. group.EndTokens]));
    }

    /// <summary>
    /// Queries and keys normed where the family does so, and rotated. (tokens, heads or KV heads, headDim). Both in float32 whatever the precision:
    /// what bfloat16 rounds away there moves the scores, and each further pass makes more of it.
    /// </summary>
    private (Tensor Queries, Tensor Keys, Tensor Values) Project(TorchLayer weights, LayerHeads heads, Tensor residual)
    {
        var normed = _operators.RmsNorm(residual, weights.AttentionNorm).to(Precision.ScalarType());
        var all = torch.nn.functional.linear(normed, weights.QueryKeyValue, weights.QueryKeyValueBias).unflatten(1, -1, Config.HeadDim);
        var queries = Head(all.narrow(1, 0, Config.Heads), weights.QueryNorm);
        var keys = Head(all.narrow(1, Config.Heads, Config.KeyValueHeads), weights.KeyNorm);
        return (queries, keys, all.narrow(1, Config.Heads + Config.KeyValueHeads, Config.KeyValueHeads));

        Tensor Head(Tensor rows, Tensor? norm)
        {
            var x = rows.to(torch.ScalarType.Float32);
            return Rotate(norm is null ? x : _operators.RmsNorm(x, norm), heads.Cos, heads.Sin).to(Precision.ScalarType());
        }
    }

    /// <summary>Element i of a head with element i + headDim / 2.</summary>
    private Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var half = Config.HeadDim / 2;
        var rotated = x.mul(cos);
        rotated.narrow(2, 0, half).addcmul_(x.narrow(2, half, half), sin, TorchScalars.MinusOne);
        rotated.narrow(2, half, half).addcmul_(x.narrow(2, 0, half), sin, TorchScalars.One);
        return rotated;
    }

    /// <summary>residual += (silu(x W_gate) * (x W_up)) W_down, x = norm(residual)</summary>
    private void AddFeedForward(TorchPass pass, TorchLayer weights, Tensor residual)
    {
        using var scope = torch.NewDisposeScope();
        var normed = _operators.RmsNorm(residual, weights.FeedForwardNorm).to(Precision.ScalarType());
        var gated = torch.nn.functional.linear(normed, weights.GateUp);
        if (pass.Refines) gated = gated.to(torch.ScalarType.Float32);
        var gates = gated.narrow(1, 0, Config.FeedForward).silu_().mul_(gated.narrow(1, Config.FeedForward, Config.FeedForward));
        residual.add_(torch.nn.functional.linear(gates.to(Precision.ScalarType()), weights.Down), TorchScalars.One);
    }

    /// <param name="queries">(texts, heads, tokens, headDim)</param>
    /// <param name="keys">(texts, kvHeads, tokens, headDim), and so are <paramref name="values"/>.</param>
    internal Tensor CausalAttention(Tensor queries, Tensor keys, Tensor values) => _groupsHeads
        ? _operators.GroupedAttention(queries, keys, values)
        : torch.nn.functional.scaled_dot_product_attention(queries, Expand(keys), Expand(values), is_casual: true);

    /// <param name="last">The last position that each query sees. (texts, queries)</param>
    /// <param name="keys">That it asks. (texts, kvHeads, positions, headDim)</param>
    internal Tensor Mask(Tensor last, Tensor keys) => FewQueries.Mask(last, keys.shape[2], Config.Heads / Config.KeyValueHeads, Precision.ScalarType());

    /// <summary>Each KV head once for every query head that reads it. (texts, heads, tokens, headDim)</summary>
    internal Tensor Expand(Tensor heads)
    {
        var (texts, kvHeads, tokens, headDim) = (heads.shape[0], heads.shape[1], heads.shape[2], heads.shape[3]);
        var group = Config.Heads / kvHeads;
        return group == 1 ? heads : heads.unsqueeze(2).expand(texts, kvHeads, group, tokens, headDim).flatten(1, 2);
    }

    /// <summary>Runs so many tokens in texts as long as many CVs are, a second pass too, as embedding them would.</summary>
    private void Probe(int tokens)
    {
        const int length = 512;
        var random = new Random(tokens);
        var batch = new PackedBatch([.. Enumerable.Range(0, tokens).Chunk(Math.Min(length, Config.Window - 1))
            .Select(text => text.Select(_ => random.Next(Config.Vocabulary)).ToArray())]);
        using var state = Prefill(batch, Capture.Refinement);
        int[] rows = [.. Enumerable.Range(0, batch.Rows)];
        var memories = new float[rows.Length * Config.Hidden];
        state.Memory(rows, memories);
        state.Refine(rows, memories);
    }

    private void Free()
    {
        _weights.Dispose();
        _rotary.Dispose();
        _operators.Dispose();
    }
}
