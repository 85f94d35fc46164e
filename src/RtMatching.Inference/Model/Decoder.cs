using System.Collections.Concurrent;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Kernels;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>
/// The Qwen3, Qwen2 and Llama decoders on the CPU, in float32. One definition: the families differ in
/// <see cref="ModelConfig"/>, the machines in <see cref="SimdKernels"/>.
/// </summary>
/// <remarks>Safe to call from many threads; each call uses every core it may, so calls gain nothing from running side by side.</remarks>
public sealed unsafe class Decoder : IDecoder
{
    private readonly DecoderWeights _weights;
    private readonly RotaryTable _rotary;
    private readonly ConcurrentBag<DecoderBuffers> _idleBuffers = [];
    private bool _disposed;

    /// <param name="config">The model's shape.</param>
    /// <param name="weights">Owned by the decoder once built and closed with it, because token embeddings are read from there.</param>
    /// <param name="maxDegreeOfParallelism">Cores to use; all where null.</param>
    /// <exception cref="InvalidWeightsException">A tensor is missing or has another shape than the config says.</exception>
    /// <exception cref="ArgumentException">The config's numbers contradict each other.</exception>
    public Decoder(ModelConfig config, IWeights weights, int? maxDegreeOfParallelism = null)
        : this(config, weights, SimdKernels.Best, maxDegreeOfParallelism ?? Environment.ProcessorCount)
    {
    }

    internal Decoder(ModelConfig config, IWeights weights, SimdKernels kernels, int maxDegreeOfParallelism)
    {
        config.Check();
        (Config, Kernels, Workers) = (config, kernels, new Workers(maxDegreeOfParallelism));
        _rotary = new RotaryTable(config.HeadDim, config.RopeTheta);
        _weights = new DecoderWeights(config, weights, kernels, Workers);
    }

    public ModelConfig Config { get; }
    internal SimdKernels Kernels { get; }
    internal Workers Workers { get; }

    public IDecoderState Prefill(
        PackedBatch batch, Capture capture, MemorySource memory = default, IPromptPrefix? prefix = null, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Config.Check(batch, capture);
        var own = DecoderChecks.Own<DecoderPrefix>(prefix, capture, one => one.Decoder == this);
        Config.CheckHead(memory.Head);
        var state = new DecoderState(this, batch, capture, memory);
        try
        {
            state.Prefill(own, cancellation);
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
        return new DecoderPrefix(this, ids.ToArray(), cancellation);
    }

    public void Embedding(int id, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Config.CheckId(id, nameof(id));
        ReadEmbedding(id, destination);
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        while (_idleBuffers.TryTake(out var buffers)) buffers.Dispose();
        _weights.Dispose();
    }

    internal DecoderBuffers Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _idleBuffers.TryTake(out var buffers) ? buffers : new DecoderBuffers(Config, Kernels, Workers);
    }

    internal void Return(DecoderBuffers buffers)
    {
        if (_disposed) buffers.Dispose();
        else _idleBuffers.Add(buffers);
    }

    internal void ReadEmbedding(int id, Span<float> destination) => _weights.ReadEmbedding(id, destination);

    /// <param name="residual">(ids, hidden)</param>
    internal void EmbedTokens(int[] ids, float* residual)
    {
        const int tokensPerItem = 64;
        Workers.For((ids.Length + tokensPerItem - 1) / tokensPerItem, (_, item) =>
        {
            for (var token = item * tokensPerItem; token < Math.Min(ids.Length, (item + 1) * tokensPerItem); token++)
            {
                ReadEmbedding(ids[token], new Span<float>(residual + (long)token * Config.Hidden, Config.Hidden));
            }
        });
    }

    /// <summary>All layers over the new tokens in <c>buffers.Residual</c> (rows, hidden), which they leave before the final norm.</summary>
    internal void Forward(DecoderPass pass, DecoderBuffers buffers, CancellationToken cancellation)
    {
        buffers.Reserve(pass.Rows);
        for (var layer = 0; layer < Config.Layers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            var rows = AddAttention(pass, layer, buffers);
            AddFeedForward(_weights.Layers[layer], rows, buffers);
        }
    }

    /// <summary>residual += attention(norm(residual)) W_O. Gives the rows that go on: fewer only where the last layer needs no others.</summary>
    private int AddAttention(DecoderPass pass, int layer, DecoderBuffers buffers)
    {
        var (weights, cache) = (_weights.Layers[layer], pass.Caches[layer % pass.Caches.Length]);
        var (rows, queryRuns, last) = (pass.Rows, pass.Runs, layer == Config.Layers - 1);

        pass.Prefix?.CopyTo(layer, pass.Runs, cache);
        Normalize(buffers.Residual, weights.AttentionNorm, buffers.Normed, rows);
        buffers.Panels.Pack(buffers.Normed, rows, Config.Hidden);
        weights.KeyValue.Multiply(buffers.Panels, buffers.KeyValues, accumulate: false, Workers);
        if (last && pass.EndsOnly)
        {
            // Nothing reads the other tokens after their keys and values, so only the end tokens go on.
            queryRuns = KeepEnds(pass.Runs, buffers);
            rows = queryRuns.Length;
            buffers.Panels.Pack(buffers.Normed, rows, Config.Hidden);
        }

        weights.Query.Multiply(buffers.Panels, buffers.Queries, accumulate: false, Workers);
        PrepareHeads(weights, pass.Runs, queryRuns, cache, buffers);
        pass.LayerValues?.Invoke(layer, buffers.KeyValues);
        var endAttention = last ? pass.EndAttention : null;
        buffers.Attention.Attend(buffers.Queries, cache, queryRuns, buffers.Context, endAttention, pass.AttentionStart);
        if (pass.AttentionOutput is not null) CaptureOutputs(pass, layer, weights, queryRuns, buffers);

        buffers.Panels.Pack(buffers.Context, rows, Config.QueryWidth);
        weights.Output.Multiply(buffers.Panels, buffers.Residual, accumulate: true, Workers);
        AddBias(weights.OutputBias, buffers.Residual, rows);
        return rows;
    }

    /// <summary>residual += (silu(x W_gate) * (x W_up)) W_down, x = norm(residual)</summary>
    private void AddFeedForward(LayerWeights weights, int rows, DecoderBuffers buffers)
    {
        Normalize(buffers.Residual, weights.FeedForwardNorm, buffers.Normed, rows);
        buffers.Panels.Pack(buffers.Normed, rows, Config.Hidden);
        weights.GateUp.Multiply(buffers.Panels, buffers.Gated, accumulate: false, Workers);
        buffers.Panels.Pack(buffers.Gated, rows, Config.FeedForward);
        weights.Down.Multiply(buffers.Panels, buffers.Residual, accumulate: true, Workers);
    }

    /// <summary>The model's final norm. y may be x. (rows, hidden)</summary>
    internal void FinalNorm(float* x, float* y, int rows) => Normalize(x, _weights.FinalNorm, y, rows);

    private void Normalize(float* x, NativeBuffer weight, float* y, int rows)
    {
        var hidden = Config.Hidden;
        const int rowsPerItem = 16;
        Workers.For((rows + rowsPerItem - 1) / rowsPerItem, (_, item) =>
        {
            for (var row = item * rowsPerItem; row < Math.Min(rows, (item + 1) * rowsPerItem); row++)
            {
                var offset = (long)row * hidden;
                Kernels.RmsNorm(x + offset, weight.Pointer, Config.NormEpsilon, hidden, y + offset);
            }
        });
    }

    private void AddBias(NativeBuffer? bias, float* x, int rows)
    {
        if (bias is null) return;
        for (var row = 0; row < rows; row++) Kernels.Add(bias.Pointer, (int)bias.Length, x + row * bias.Length);
    }

    /// <summary>Moves the end token of each run to row r of residual and normed.</summary>
    private TokenRun[] KeepEnds(TokenRun[] runs, DecoderBuffers buffers)
    {
        var ends = new TokenRun[runs.Length];
        for (var r = 0; r < runs.Length; r++)
        {
            var run = runs[r];
            var row = run.FirstRow + run.Count - 1; // never before r: each run has at least one token
            Move(buffers.Residual, row, r);
            Move(buffers.Normed, row, r);
            ends[r] = new TokenRun(run.Text, r, run.FirstPosition + run.Count - 1, 1);
        }

        return ends;

        void Move(float* x, int from, int to) =>
            new Span<float>(x + (long)from * Config.Hidden, Config.Hidden).CopyTo(new Span<float>(x + (long)to * Config.Hidden, Config.Hidden));
    }

    /// <summary>Biases, norms and rotary embedding of queries and keys, in place; keys and values go to the cache.</summary>
    private void PrepareHeads(LayerWeights weights, TokenRun[] runs, TokenRun[] queryRuns, KeyValueCache cache, DecoderBuffers buffers)
    {
        var positions = runs.Max(run => run.FirstPosition + run.Count);
        var (cos, sin) = _rotary.For(positions);
        var tokenBlocks = Cut(runs);
        var queryBlocks = Cut(queryRuns);
        Workers.For(tokenBlocks.Count + queryBlocks.Count, (_, item) =>
        {
            if (item < tokenBlocks.Count) PrepareKeyValues(weights, tokenBlocks[item], cache, buffers.KeyValues, cos, sin);
            else PrepareQueries(weights, queryBlocks[item - tokenBlocks.Count], buffers.Queries, cos, sin);
        });
    }

    /// <summary>Blocks of as many tokens as a panel of keys has columns, so that the panel being filled stays in cache.</summary>
    private List<TokenRun> Cut(TokenRun[] runs)
    {
        var blocks = new List<TokenRun>();
        foreach (var run in runs)
        {
            for (var start = 0; start < run.Count; start += Kernels.PanelWidth)
            {
                var count = Math.Min(Kernels.PanelWidth, run.Count - start);
                blocks.Add(new TokenRun(run.Text, run.FirstRow + start, run.FirstPosition + start, count));
            }
        }

        return blocks;
    }

    private void PrepareQueries(LayerWeights weights, TokenRun block, float* queries, float[] cos, float[] sin)
    {
        for (var token = 0; token < block.Count; token++)
        {
            var query = queries + (long)(block.FirstRow + token) * Config.QueryWidth;
            if (weights.QueryBias is { } bias) Kernels.Add(bias.Pointer, Config.QueryWidth, query);
            for (var head = 0; head < Config.Heads; head++)
            {
                NormalizeAndRotate(query + head * Config.HeadDim, weights.QueryNorm, block.FirstPosition + token, cos, sin);
            }
        }
    }

    private void PrepareKeyValues(
        LayerWeights weights, TokenRun block, KeyValueCache cache, float* keyValues, float[] cos, float[] sin)
    {
        var width = 2 * Config.KeyValueWidth;
        var first = keyValues + (long)block.FirstRow * width;
        if (weights.KeyValueBias is { } bias)
        {
            for (var token = 0; token < block.Count; token++) Kernels.Add(bias.Pointer, width, first + (long)token * width);
        }

        for (var head = 0; head < Config.KeyValueHeads; head++)
        {
            for (var token = 0; token < block.Count; token++)
            {
                var key = first + (long)token * width + head * Config.HeadDim;
                NormalizeAndRotate(key, weights.KeyNorm, block.FirstPosition + token, cos, sin);
                cache.Write(block.Text, head, block.FirstPosition + token, key, key + Config.KeyValueWidth);
            }
        }
    }

    private void NormalizeAndRotate(float* x, NativeBuffer? norm, int position, float[] cos, float[] sin)
    {
        if (norm is not null) Kernels.RmsNorm(x, norm.Pointer, Config.NormEpsilon, Config.HeadDim, x);
        var half = Config.HeadDim / 2;
        fixed (float* c = &cos[position * half], s = &sin[position * half]) Kernels.Rotate(x, c, s, half);
    }

    /// <summary>The end tokens' attention outputs, computed aside: in the residual they would be lost in the sum.</summary>
    private void CaptureOutputs(DecoderPass pass, int layer, LayerWeights weights, TokenRun[] runs, DecoderBuffers buffers)
    {
        var (hidden, width) = (Config.Hidden, Config.QueryWidth);
        var ends = new float[(long)runs.Length * width];
        for (var r = 0; r < runs.Length; r++)
        {
            var row = runs[r].FirstRow + runs[r].Count - 1;
            new Span<float>(buffers.Context + (long)row * width, width).CopyTo(ends.AsSpan(r * width, width));
        }

        var outputs = new float[(long)runs.Length * hidden];
        fixed (float* x = ends, y = outputs)
        {
            buffers.Panels.Pack(x, runs.Length, width);
            weights.Output.Multiply(buffers.Panels, y, accumulate: false, Workers);
            AddBias(weights.OutputBias, y, runs.Length);
        }

        for (var r = 0; r < runs.Length; r++) pass.AttentionOutput!(layer, runs[r].Text, outputs.AsSpan(r * hidden, hidden));
    }
}
