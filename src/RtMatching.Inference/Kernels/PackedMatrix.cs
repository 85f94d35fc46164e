using System.Runtime.CompilerServices;

namespace RtMatching.Inference.Kernels;

/// <summary>Reads rows first .. first + count of a matrix. (count, depth)</summary>
internal delegate void RowReader(int first, int count, Span<float> destination);

/// <summary>
/// A weight matrix (outputs, depth), packed once at load into panels of <see cref="SimdKernels.PanelWidth"/> outputs,
/// k-major, so that a product reads it straight through. How weights are stored and multiplied is known only here.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>A panel's block of this depth stays in L2 (256 KiB at 32 wide) while all rows go by.</summary>
    private const int BlockDepth = 2048;

    /// <summary>Rows that share a panel while it is in L2; a multiple of every tile height in use.</summary>
    private const int BlockRows = 480;

    private readonly SimdKernels _kernels;
    private readonly NativeBuffer _panels;
    private readonly bool _gated;

    private PackedMatrix(SimdKernels kernels, int outputs, int depth, bool gated)
    {
        (_kernels, Outputs, Depth, _gated) = (kernels, outputs, depth, gated);
        _panels = new NativeBuffer((long)Panels * kernels.PanelWidth * depth);
    }

    /// <summary>Columns of the product.</summary>
    public int Outputs { get; }
    public int Depth { get; }
    private int OutputsPerPanel => _gated ? _kernels.Lanes : _kernels.PanelWidth;
    private int Panels => (Outputs + OutputsPerPanel - 1) / OutputsPerPanel;

    public static PackedMatrix Pack(SimdKernels kernels, Workers workers, int outputs, int depth, RowReader rows)
    {
        var matrix = new PackedMatrix(kernels, outputs, depth, gated: false);
        matrix.Fill(workers, rows, kernels.PanelWidth, 0);
        return matrix;
    }

    /// <summary>Gate and up in one matrix, a register of each side by side; its product is silu(x gate) * (x up).</summary>
    public static PackedMatrix PackGated(SimdKernels kernels, Workers workers, int outputs, int depth, RowReader gate, RowReader up)
    {
        var matrix = new PackedMatrix(kernels, outputs, depth, gated: true);
        matrix.Fill(workers, gate, kernels.Lanes, 0);
        matrix.Fill(workers, up, kernels.Lanes, kernels.Lanes);
        return matrix;
    }

    /// <summary>y = x W^T, added to y where <paramref name="accumulate"/>; silu(gate) * up for a gated matrix.</summary>
    /// <param name="x">(rows, depth)</param>
    /// <param name="y">(rows, outputs)</param>
    public void Multiply(RowPanels x, float* y, bool accumulate, Workers workers)
    {
        if (x.Depth != Depth) throw new ArgumentException($"The rows are {x.Depth} deep, the matrix {Depth}.", nameof(x));
        var write = _gated ? TileWrite.SwiGlu : accumulate ? TileWrite.Accumulate : TileWrite.Store;
        var blocks = (x.Rows + BlockRows - 1) / BlockRows;
        workers.For(blocks * Panels, (_, item) =>
        {
            var (block, panel) = Math.DivRem(item, Panels);
            var first = block * BlockRows;
            MultiplyBlock(x, y, panel, first, Math.Min(x.Rows, first + BlockRows), write);
        });
    }

    public void Dispose() => _panels.Dispose();

    [SkipLocalsInit]
    private void MultiplyBlock(RowPanels x, float* y, int panel, int first, int end, TileWrite write)
    {
        var tile = stackalloc float[_kernels.TileRows * _kernels.PanelWidth];
        var column = panel * OutputsPerPanel;
        var width = Math.Min(OutputsPerPanel, Outputs - column);

        // A gated panel needs its whole sum before the epilogue; the others add up blocks in y.
        var blockDepth = _gated ? Depth : BlockDepth;
        for (var k = 0; k < Depth; k += blockDepth)
        {
            var depth = Math.Min(blockDepth, Depth - k);
            var b = _panels.Pointer + ((long)panel * Depth + k) * _kernels.PanelWidth;
            for (int row = first, height; row < end; row += height)
            {
                height = _kernels.TileHeight(end - row);
                var a = x.Pointer + (long)row * Depth + (long)k * height;
                _kernels.Tile(height, depth, a, b, tile, _kernels.PanelWidth);
                _kernels.Finish(k == 0 ? write : TileWrite.Accumulate, height, tile, y + (long)row * Outputs + column, Outputs, width);
            }
        }
    }

    /// <summary>Spreads <paramref name="width"/> rows at a time over the columns of each panel from <paramref name="column"/> on.</summary>
    private void Fill(Workers workers, RowReader rows, int width, int column)
    {
        var panelWidth = _kernels.PanelWidth;
        workers.For(Panels, (_, panel) =>
        {
            var count = Math.Min(width, Outputs - panel * width);
            var source = new float[checked(count * Depth)];
            rows(panel * width, count, source);
            var target = _panels.Pointer + (long)panel * Depth * panelWidth + column;
            for (var k = 0; k < Depth; k++, target += panelWidth)
            {
                for (var row = 0; row < width; row++) target[row] = row < count ? source[row * Depth + k] : 0;
            }
        });
    }
}
