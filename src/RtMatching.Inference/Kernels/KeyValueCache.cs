namespace RtMatching.Inference.Kernels;

/// <summary>
/// One layer's keys and values of a batch, laid out as the panels that <see cref="SimdKernels.Tile"/> multiplies by:
/// keys (kvHead, panel of positions, headDim, PanelWidth), values (kvHead, panel of columns, position, PanelWidth).
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    private readonly int _panelWidth;
    private readonly int _keyValueHeads;
    private readonly int _headDim;
    private readonly int[] _capacity;
    private readonly long[] _keyStart;
    private readonly long[] _valueStart;
    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;

    /// <param name="capacity">Positions of each text.</param>
    public KeyValueCache(SimdKernels kernels, int keyValueHeads, int headDim, int[] capacity)
    {
        (_panelWidth, _keyValueHeads, _headDim, _capacity) = (kernels.PanelWidth, keyValueHeads, headDim, capacity);
        _keyStart = new long[capacity.Length + 1];
        _valueStart = new long[capacity.Length + 1];
        for (var text = 0; text < capacity.Length; text++)
        {
            _keyStart[text + 1] = _keyStart[text] + keyValueHeads * KeyHeadLength(text);
            _valueStart[text + 1] = _valueStart[text] + keyValueHeads * ValueHeadLength(text);
        }

        _keys = new NativeBuffer(_keyStart[^1]);
        _values = new NativeBuffer(_valueStart[^1]);
    }

    private int ColumnPanels => (_headDim + _panelWidth - 1) / _panelWidth;

    /// <summary>A head's keys at PanelWidth positions from position panel * PanelWidth. (headDim, PanelWidth)</summary>
    public float* KeyPanel(int text, int head, int panel) =>
        _keys.Pointer + _keyStart[text] + head * KeyHeadLength(text) + (long)panel * _headDim * _panelWidth;

    /// <summary>PanelWidth columns of a head's values at every position. (positions, PanelWidth)</summary>
    public float* ValuePanel(int text, int head, int panel) =>
        _values.Pointer + _valueStart[text] + head * ValueHeadLength(text) + (long)panel * _capacity[text] * _panelWidth;

    /// <summary>Writes what one position brings, replacing what stood there.</summary>
    /// <param name="key">(headDim)</param>
    /// <param name="value">(headDim)</param>
    public void Write(int text, int head, int position, float* key, float* value)
    {
        var (panel, lane) = Math.DivRem(position, _panelWidth);
        RowPanels.PackRow(key, 1, _headDim, KeyPanel(text, head, panel) + lane, _panelWidth);
        for (var column = 0; column < _headDim; column += _panelWidth)
        {
            var width = Math.Min(_panelWidth, _headDim - column);
            var target = ValuePanel(text, head, column / _panelWidth) + (long)position * _panelWidth;
            new Span<float>(value + column, width).CopyTo(new Span<float>(target, width));
        }
    }

    /// <summary>Copies a head's first <paramref name="positions"/>, fewer than the target has, to a cache of the same heads.</summary>
    public void CopyStart(int text, int head, int positions, KeyValueCache target, int targetText)
    {
        // Whole panels: what the last one holds beyond the positions is written over, or lies beyond the target's end and is masked there.
        var panels = (positions + _panelWidth - 1) / _panelWidth;
        Copy(KeyPanel(text, head, 0), target.KeyPanel(targetText, head, 0), (long)panels * _headDim * _panelWidth);
        for (var panel = 0; panel < ColumnPanels; panel++)
            Copy(ValuePanel(text, head, panel), target.ValuePanel(targetText, head, panel), (long)positions * _panelWidth);

        static void Copy(float* source, float* destination, long count) =>
            Buffer.MemoryCopy(source, destination, count * sizeof(float), count * sizeof(float));
    }

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private long KeyHeadLength(int text) => (long)(_capacity[text] + _panelWidth - 1) / _panelWidth * _panelWidth * _headDim;

    private long ValueHeadLength(int text) => (long)ColumnPanels * _panelWidth * _capacity[text];
}
