using RtMatching.Inference.Batching;
using RtMatching.Inference.Kernels;

namespace RtMatching.Inference.Model;

/// <summary>
/// A batch in the managed decoder: the cache of every layer and the states, as far as <see cref="Capture"/> asks. The text's part never changes after pass 1; positions n-1 (memory) and n (end token)
/// are overwritten by every later pass.
/// </summary>
internal sealed unsafe class DecoderState : IDecoderState
{
    private readonly Decoder _decoder;
    private readonly PackedBatch _batch;
    private readonly Capture _capture;
    private readonly MemorySource _source;
    private readonly int _hidden;
    private readonly KeyValueCache[] _caches;

    // What the memory is summed from, before or after the final norm as the source says.
    private readonly NativeBuffer? _textStates; // (tokens, hidden), of pass 1
    private readonly float[]? _memoryStates; // (texts, hidden)
    private readonly float[]? _endSources; // (texts, hidden); the end states themselves unless the source is before the norm

    // What is handed out as spans is managed, so that a caller who forgets to dispose cannot read freed memory.
    private readonly float[] _endStates; // (texts, hidden)
    private readonly float[]? _attentionRows; // (tokens + texts): text t's n + 1 positions at Starts[t] + t
    private readonly float[]? _meanStates; // (texts, hidden)
    private readonly float[]? _meanValues; // (layers, texts, kvWidth)
    private readonly float[]? _attentionOutputs; // (layers, texts, hidden)
    private readonly bool[] _refined;
    private bool _disposed;

    public DecoderState(Decoder decoder, PackedBatch batch, Capture capture, MemorySource source)
    {
        (_decoder, _batch, _capture, _source, _hidden) = (decoder, batch, capture, source, decoder.Config.Hidden);
        var config = decoder.Config;
        var capacity = new int[batch.Rows];
        for (var text = 0; text < batch.Rows; text++) capacity[text] = batch.Length(text) + (Refining ? 1 : 0);
        _caches = new KeyValueCache[Refining ? config.Layers : 1];
        for (var i = 0; i < _caches.Length; i++) _caches[i] = new KeyValueCache(decoder.Kernels, config.KeyValueHeads, config.HeadDim, capacity);

        _refined = new bool[batch.Rows];
        _endStates = new float[(long)batch.Rows * _hidden];
        if (Refining)
        {
            _memoryStates = new float[(long)batch.Rows * _hidden];
            _endSources = source.PreNorm ? new float[(long)batch.Rows * _hidden] : _endStates;
            _attentionRows = new float[batch.Tokens + batch.Rows];
            _textStates = new NativeBuffer((long)batch.Tokens * _hidden);
        }

        if (capture.HasFlag(Capture.MeanStates)) _meanStates = new float[(long)batch.Rows * _hidden];
        if (capture.HasFlag(Capture.Values)) _meanValues = new float[(long)config.Layers * batch.Rows * config.KeyValueWidth];
        if (capture.HasFlag(Capture.AttentionOutputs)) _attentionOutputs = new float[(long)config.Layers * batch.Rows * _hidden];
    }

    public int Rows => _batch.Rows;

    public int Tokens(int row) => _batch.Length(CheckRow(row));

    private bool Refining => _capture.HasFlag(Capture.Refinement);

    private bool KeepsPreNorm => Refining && _source.PreNorm;

    public ReadOnlySpan<float> EndState(int row) => _endStates.AsSpan(CheckRow(row) * _hidden, _hidden);

    public ReadOnlySpan<float> AttentionRow(int row) =>
        Captured(_attentionRows, Capture.Refinement).AsSpan(AttentionOffset(CheckRow(row)), Positions(row));

    public ReadOnlySpan<float> TokenState(int row, int position)
    {
        var states = Captured(_textStates, Capture.Refinement);
        this.CheckPosition(row, position);
        return states.Slice((long)(_batch.Starts[row] + position) * _hidden, _hidden).ToArray();   // native memory is not handed out
    }

    public ReadOnlySpan<float> MeanState(int row) =>
        Captured(_meanStates, Capture.MeanStates).AsSpan(CheckRow(row) * _hidden, _hidden);

    public ReadOnlySpan<float> MeanValue(int row, int layer)
    {
        var width = _decoder.Config.KeyValueWidth;
        return Captured(_meanValues, Capture.Values).AsSpan((CheckLayer(layer) * Rows + CheckRow(row)) * width, width);
    }

    public ReadOnlySpan<float> AttentionOutput(int row, int layer) =>
        Captured(_attentionOutputs, Capture.AttentionOutputs).AsSpan((CheckLayer(layer) * Rows + CheckRow(row)) * _hidden, _hidden);

    public void Memory(ReadOnlySpan<int> rows, Span<float> memory)
    {
        Captured(_textStates, Capture.Refinement);
        this.CheckMemories(rows, memory.Length, _hidden);
        var texts = rows.ToArray();
        fixed (float* m = memory)
        {
            var target = m; // fixed variables cannot be captured; the pinning outlasts the loop
            _decoder.Workers.For(texts.Length, (_, i) => SumStates(texts[i], target + (long)i * _hidden));
        }
    }

    public void Refine(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, CancellationToken cancellation = default)
    {
        Captured(_textStates, Capture.Refinement);
        this.CheckMemories(rows, memory.Length, _hidden);
        if (rows.IsEmpty) return;
        var runs = new TokenRun[rows.Length];
        for (var i = 0; i < rows.Length; i++) runs[i] = new TokenRun(rows[i], 2 * i, _batch.Length(rows[i]) - 1, 2);

        var buffers = _decoder.Rent();
        try
        {
            buffers.Reserve(2 * rows.Length);
            EmbedMemories(rows, memory, buffers.Residual);
            RunRefinement(runs, buffers, cancellation);
        }
        finally
        {
            _decoder.Return(buffers);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var cache in _caches) cache.Dispose();
        _textStates?.Dispose();
    }

    /// <summary>Pass 1. Called once, by the decoder.</summary>
    /// <param name="prefix">What the texts begin with, where that is not run again.</param>
    internal void Prefill(DecoderPrefix? prefix, CancellationToken cancellation)
    {
        if (Rows == 0) return;
        var (runs, ids) = prefix is null ? (WholeTexts(), _batch.Ids) : Departing(prefix);
        var buffers = _decoder.Rent();
        try
        {
            buffers.Reserve(ids.Length);
            _decoder.EmbedTokens(ids, buffers.Residual);
            RunPrefill(runs, prefix, buffers, cancellation);
        }
        finally
        {
            _decoder.Return(buffers);
        }
    }

    private TokenRun[] WholeTexts() =>
        [.. Enumerable.Range(0, Rows).Select(text => new TokenRun(text, _batch.Starts[text], 0, _batch.Length(text)))];

    /// <summary>Each text from where it departs from the prefix, and the ids of these runs.</summary>
    private (TokenRun[] Runs, int[] Ids) Departing(DecoderPrefix prefix)
    {
        var runs = new TokenRun[Rows];
        var ids = new List<int>(_batch.Tokens);
        for (var text = 0; text < Rows; text++)
        {
            var own = _batch.Ids.AsSpan(_batch.Starts[text], _batch.Length(text));
            var spared = prefix.Spared(own);
            runs[text] = new TokenRun(text, ids.Count, spared, own.Length - spared);
            ids.AddRange(own[spared..]);
        }

        return (runs, [.. ids]);
    }

    private void RunPrefill(TokenRun[] runs, DecoderPrefix? prefix, DecoderBuffers buffers, CancellationToken cancellation)
    {
        var endsOnly = (_capture & (Capture.Refinement | Capture.MeanStates)) == 0;
        using var attention = AttentionOfHeads(runs, out var attentionStart);
        var pass = new DecoderPass
        {
            Runs = runs,
            Caches = _caches,
            Prefix = prefix,
            EndsOnly = endsOnly,
            EndAttention = attention is null ? null : attention.Pointer,
            AttentionStart = attentionStart,
            LayerValues = _meanValues is null ? null : KeepMeanValues,
            AttentionOutput = _attentionOutputs is null ? null : KeepAttentionOutput,
        };
        _decoder.Forward(pass, buffers, cancellation);

        var states = NormText(buffers.Residual, endsOnly ? Rows : _batch.Tokens);
        for (var text = 0; text < Rows; text++)
        {
            var row = endsOnly ? text : runs[text].FirstRow + runs[text].Count - 1;
            Copy(states + (long)row * _hidden, _endStates, text);
            if (KeepsPreNorm) Copy(_textStates!.Pointer + (long)row * _hidden, _endSources!, text);
            if (_meanStates is not null) Mean(states, _hidden, text, _meanStates.AsSpan(text * _hidden, _hidden));
            if (attention is not null) KeepAttentionRow(text, attention.Pointer + attentionStart[text]);
        }
    }

    /// <summary>Keeps the text's states where refinement follows, and gives the final-norm ones. (rows, hidden)</summary>
    private float* NormText(float* residual, int rows)
    {
        if (KeepsPreNorm) KeepText(residual, (long)rows * _hidden * sizeof(float));
        var states = _textStates is null || KeepsPreNorm ? residual : _textStates.Pointer;
        _decoder.FinalNorm(residual, states, rows);
        return states;
    }

    private void KeepText(float* residual, long bytes) => Buffer.MemoryCopy(residual, _textStates!.Pointer, bytes, bytes);

    private void RunRefinement(TokenRun[] runs, DecoderBuffers buffers, CancellationToken cancellation)
    {
        using var attention = AttentionOfHeads(runs, out var attentionStart);
        var pass = new DecoderPass
        {
            Runs = runs,
            Caches = _caches,
            EndAttention = attention!.Pointer,
            AttentionStart = attentionStart,
            AttentionOutput = _attentionOutputs is null ? null : KeepAttentionOutput,
        };
        _decoder.Forward(pass, buffers, cancellation);

        if (KeepsPreNorm) KeepSources(runs, buffers.Residual);
        _decoder.FinalNorm(buffers.Residual, buffers.Residual, pass.Rows);
        if (!KeepsPreNorm) KeepSources(runs, buffers.Residual);
        foreach (var run in runs)
        {
            _refined[run.Text] = true;
            if (KeepsPreNorm) Copy(buffers.Residual + (long)(run.FirstRow + 1) * _hidden, _endStates, run.Text);
            KeepAttentionRow(run.Text, attention.Pointer + attentionStart[run.Text]);
        }
    }

    /// <param name="states">Of each run the memory token's, then the end token's. (2 x runs, hidden)</param>
    private void KeepSources(TokenRun[] runs, float* states)
    {
        foreach (var run in runs)
        {
            var memory = states + (long)run.FirstRow * _hidden;
            Copy(memory, _memoryStates!, run.Text);
            Copy(memory + _hidden, _endSources!, run.Text);
        }
    }

    /// <summary>Rows 2i, 2i + 1: the memory of rows[i], then the embedding of its end token. (2 x rows, hidden)</summary>
    private void EmbedMemories(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, float* residual)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var target = residual + 2L * i * _hidden;
            memory.Slice(i * _hidden, _hidden).CopyTo(new Span<float>(target, _hidden));
            _decoder.ReadEmbedding(_batch.Ids[_batch.Starts[rows[i] + 1] - 1], new Span<float>(target + _hidden, _hidden));
        }
    }

    /// <summary>m = sum_j a_j H_j over the text and, unless it is left out, the memory token from pass 2 on and the end token.</summary>
    private void SumStates(int text, float* memory)
    {
        new Span<float>(memory, _hidden).Clear();
        var attention = AttentionRow(text);
        var prefix = _batch.Length(text) - 1;
        var states = _textStates!.Pointer + (long)_batch.Starts[text] * _hidden;
        for (var j = 0; j < prefix; j++) _decoder.Kernels.AddScaled(states + (long)j * _hidden, attention[j], _hidden, memory);
        if (_source.TextOnly) return;
        fixed (float* memoryState = &_memoryStates![text * _hidden], endState = &_endSources![text * _hidden])
        {
            if (_refined[text]) _decoder.Kernels.AddScaled(memoryState, attention[prefix], _hidden, memory);
            _decoder.Kernels.AddScaled(endState, attention[^1], _hidden, memory);
        }
    }

    /// <summary>Room for the end tokens' attention rows of each head, where they are wanted at all.</summary>
    private NativeBuffer? AttentionOfHeads(TokenRun[] runs, out long[] start)
    {
        start = new long[Rows];
        if (!Refining) return null;
        var length = 0L;
        foreach (var run in runs)
        {
            start[run.Text] = length;
            length += (long)_decoder.Config.Heads * (run.FirstPosition + run.Count);
        }

        return new NativeBuffer(length);
    }

    /// <param name="heads">(heads, positions)</param>
    private void KeepAttentionRow(int text, float* heads)
    {
        var row = _attentionRows.AsSpan(AttentionOffset(text), Positions(text));
        if (_source.Head is { } one)
        {
            new Span<float>(heads + (long)one * row.Length, row.Length).CopyTo(row);
            return;
        }

        row.Clear();
        var count = _decoder.Config.Heads;
        fixed (float* mean = row)
        {
            for (var head = 0; head < count; head++) _decoder.Kernels.AddScaled(heads + (long)head * row.Length, 1f / count, row.Length, mean);
        }
    }

    private void KeepMeanValues(int layer, float* keyValues)
    {
        var width = _decoder.Config.KeyValueWidth;
        for (var text = 0; text < Rows; text++)
        {
            Mean(keyValues + width, 2 * width, text, _meanValues.AsSpan((layer * Rows + text) * width, width));
        }
    }

    private void KeepAttentionOutput(int layer, int text, ReadOnlySpan<float> output) =>
        output.CopyTo(_attentionOutputs.AsSpan((layer * Rows + text) * _hidden, _hidden));

    /// <summary>The mean over a text's rows, which lie <paramref name="stride"/> apart.</summary>
    private void Mean(float* rows, int stride, int text, Span<float> mean)
    {
        var count = _batch.Length(text);
        fixed (float* sum = mean)
        {
            for (var token = _batch.Starts[text]; token < _batch.Starts[text + 1]; token++)
            {
                _decoder.Kernels.AddScaled(rows + (long)token * stride, 1f / count, mean.Length, sum);
            }
        }
    }

    private void Copy(float* source, float[] destination, int row) =>
        new Span<float>(source, _hidden).CopyTo(destination.AsSpan(row * _hidden, _hidden));

    private int AttentionOffset(int text) => _batch.Starts[text] + text;

    private int Positions(int text) => _batch.Length(text) + (_refined[text] ? 1 : 0);

    private int CheckRow(int row)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return DecoderChecks.CheckRow(this, row);
    }

    private int CheckLayer(int layer) => _decoder.Config.CheckLayer(layer);

    private T Captured<T>(T? value, Capture capture) where T : class
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return DecoderChecks.Captured(value, capture);
    }
}
