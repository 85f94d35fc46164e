namespace RtMatching.Inference.Kernels;

/// <summary>Consecutive new tokens of one text.</summary>
/// <param name="Text">The row of the batch.</param>
/// <param name="FirstRow">Where they begin among the packed activations.</param>
/// <param name="FirstPosition">The position of the first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct TokenRun(int Text, int FirstRow, int FirstPosition, int Count);

/// <summary>
/// softmax(q k^T / sqrt(headDim)) v, causal within each text. Work is cut into (run, KV head, block of queries); the
/// query heads that share a KV head are rows of the same tiles, so that keys and values are read once for all of them.
/// </summary>
internal sealed unsafe class CausalAttention(SimdKernels kernels, Workers workers, int heads, int keyValueHeads, int headDim) : IDisposable
{
    /// <summary>Rows of scores computed together while there are up to <see cref="LongText"/> keys.</summary>
    private const int BlockRows = 48;
    private const int LongText = 1024;

    private readonly NativeBuffer[] _scratch = [.. Enumerable.Range(0, workers.Degree).Select(_ => new NativeBuffer(0))];
    private readonly int _group = heads / keyValueHeads;

    /// <param name="queries">(rows, heads, headDim)</param>
    /// <param name="output">(rows, heads, headDim)</param>
    /// <param name="endAttention">
    /// Where not null: for each run the attention rows of its last token go to endAttention + attentionStart[text].
    /// (heads, positions)
    /// </param>
    public void Attend(
        float* queries, KeyValueCache cache, TokenRun[] runs, float* output, float* endAttention = null, long[]? attentionStart = null)
    {
        var blocks = Blocks(runs);
        workers.For(blocks.Count * keyValueHeads, (worker, item) =>
        {
            var (run, last) = blocks[item / keyValueHeads];
            var ends = last && endAttention is not null ? endAttention + attentionStart![run.Text] : null;
            AttendBlock(_scratch[worker], queries, cache, run, item % keyValueHeads, output, ends);
        });
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch) scratch.Dispose();
    }

    /// <summary>The runs cut into blocks of queries, longest first so that no core is left with a long one at the end.</summary>
    private List<(TokenRun Run, bool Last)> Blocks(TokenRun[] runs)
    {
        var blocks = new List<(TokenRun Run, bool Last)>();
        foreach (var run in runs)
        {
            var keys = run.FirstPosition + run.Count;
            var rows = Math.Max(kernels.TileRows, (int)((long)BlockRows * LongText / Math.Max(keys, LongText)));
            var size = Math.Max(1, rows / _group);
            for (var start = 0; start < run.Count; start += size)
            {
                var count = Math.Min(size, run.Count - start);
                blocks.Add((new TokenRun(run.Text, run.FirstRow + start, run.FirstPosition + start, count), start + count == run.Count));
            }
        }

        blocks.Sort((a, b) => Work(b.Run).CompareTo(Work(a.Run)));
        return blocks;

        static long Work(TokenRun run) => (long)run.Count * (run.FirstPosition + run.Count);
    }

    private void AttendBlock(
        NativeBuffer scratch, float* queries, KeyValueCache cache, TokenRun block, int keyValueHead, float* output, float* ends)
    {
        // Row r of the block is token r / group, query head keyValueHead * group + r % group.
        var rows = block.Count * _group;
        var keys = block.FirstPosition + block.Count;
        var width = kernels.PanelWidth;
        var paddedKeys = (keys + width - 1) / width * width;
        var paddedDim = (headDim + width - 1) / width * width;
        var packed = scratch.Reserve((long)rows * (headDim + paddedKeys + keys + paddedDim));
        var scores = packed + (long)rows * headDim;
        var weights = scores + (long)rows * paddedKeys;
        var values = weights + (long)rows * keys;
        var first = ((long)block.FirstRow * heads + keyValueHead * _group) * headDim;

        PackQueries(queries + first, rows, packed);
        Product(packed, rows, headDim, paddedKeys, panel => (nint)cache.KeyPanel(block.Text, keyValueHead, panel), scores);
        for (var row = 0; row < rows; row++)
        {
            kernels.Softmax(scores + (long)row * paddedKeys, block.FirstPosition + row / _group + 1, keys);
        }

        if (ends is not null) CopyEnds(scores, rows, keys, paddedKeys, ends + (long)keyValueHead * _group * keys);
        PackRows(row => (nint)(scores + (long)row * paddedKeys), rows, keys, 1, weights);
        Product(weights, rows, keys, paddedDim, panel => (nint)cache.ValuePanel(block.Text, keyValueHead, panel), values);
        for (var row = 0; row < rows; row++)
        {
            new Span<float>(values + (long)row * paddedDim, headDim).CopyTo(new Span<float>(output + first + Offset(row), headDim));
        }
    }

    private long Offset(int row) => ((long)(row / _group) * heads + row % _group) * headDim;

    private void PackQueries(float* queries, int rows, float* packed) =>
        PackRows(row => (nint)(queries + Offset(row)), rows, headDim, 1 / MathF.Sqrt(headDim), packed);

    private void PackRows(Func<int, nint> source, int rows, int depth, float scale, float* packed)
    {
        for (int first = 0, height; first < rows; first += height)
        {
            height = kernels.TileHeight(rows - first);
            for (var row = 0; row < height; row++)
            {
                RowPanels.PackRow((float*)source(first + row), scale, depth, packed + (long)first * depth + row, height);
            }
        }
    }

    /// <param name="product">(rows, columns)</param>
    private void Product(float* a, int rows, int depth, int columns, Func<int, nint> panels, float* product)
    {
        for (var column = 0; column < columns; column += kernels.PanelWidth)
        {
            var panel = (float*)panels(column / kernels.PanelWidth);
            for (int row = 0, height; row < rows; row += height)
            {
                height = kernels.TileHeight(rows - row);
                var c = product + (long)row * columns + column;
                kernels.Tile(height, depth, a + (long)row * depth, panel, c, columns);
            }
        }
    }

    /// <summary>The attention rows of the block's last token, one for each query head of the group.</summary>
    private void CopyEnds(float* scores, int rows, int keys, int paddedKeys, float* ends)
    {
        for (var head = 0; head < _group; head++)
        {
            var row = rows - _group + head;
            new Span<float>(scores + (long)row * paddedKeys, keys).CopyTo(new Span<float>(ends + (long)head * keys, keys));
        }
    }
}
