namespace RtMatching.Inference.Kernels;

/// <summary>
/// Activations packed for <see cref="SimdKernels.Tile"/>: the rows of each tile, k-major. A tile of rows
/// first .. first + height starts at first * depth, whatever the heights before it.
/// </summary>
internal sealed unsafe class RowPanels(SimdKernels kernels, Workers workers) : IDisposable
{
    private readonly NativeBuffer _buffer = new(0);

    public int Rows { get; private set; }
    public int Depth { get; private set; }

    /// <summary>(tiles, depth, height)</summary>
    public float* Pointer => _buffer.Pointer;

    /// <param name="x">(rows, depth)</param>
    public void Pack(float* x, int rows, int depth)
    {
        (Rows, Depth) = (rows, depth);
        var panels = _buffer.Reserve((long)rows * depth);
        var tileRows = kernels.TileRows;
        workers.For((rows + tileRows - 1) / tileRows, (_, tile) =>
        {
            var end = Math.Min(rows, (tile + 1) * tileRows);
            for (int first = tile * tileRows, height; first < end; first += height)
            {
                height = kernels.TileHeight(end - first);
                for (var row = 0; row < height; row++)
                {
                    PackRow(x + (long)(first + row) * depth, 1, depth, panels + (long)first * depth + row, height);
                }
            }
        });
    }

    /// <summary>Writes one row, scaled, into its column of a tile.</summary>
    public static void PackRow(float* source, float scale, int depth, float* destination, int height)
    {
        for (var k = 0; k < depth; k++, destination += height) *destination = source[k] * scale;
    }

    public void Dispose() => _buffer.Dispose();
}
