using System.Runtime.Intrinsics;

namespace RtMatching.Inference.Kernels;

/// <summary>Which registers the kernels use.</summary>
internal enum SimdPath { Vector128, Vector256, Vector512 }

/// <summary>What becomes of a finished tile.</summary>
internal enum TileWrite
{
    /// <summary>c = a b</summary>
    Store,

    /// <summary>c += a b: residual additions, and the later blocks of a long sum.</summary>
    Accumulate,

    /// <summary>The panel's left half is the gate, its right half up: c = silu(gate) * up, half as wide.</summary>
    SwiGlu,
}

/// <summary>
/// The loops of the decoder, compiled for one register width. A matrix product is made of <see cref="Tile"/>: rows of
/// x packed k-major, times a panel of weights packed k-major, both read once from start to end.
/// </summary>
internal abstract unsafe class SimdKernels
{
    /// <summary>The widest path of this machine.</summary>
    public static SimdKernels Best { get; } = For(
        Vector512.IsHardwareAccelerated ? SimdPath.Vector512
        : Vector256.IsHardwareAccelerated ? SimdPath.Vector256
        : SimdPath.Vector128);

    public abstract int Lanes { get; }
    public abstract int TileRows { get; }
    public int PanelWidth => 2 * Lanes;

    public static SimdKernels For(SimdPath path) => path switch
    {
        SimdPath.Vector512 => new SimdKernels<Lanes512, Vector512<float>>(),
        SimdPath.Vector256 => new SimdKernels<Lanes256, Vector256<float>>(),
        _ => new SimdKernels<Lanes128, Vector128<float>>(),
    };

    /// <summary>The height of the next tile when so many rows are left. Each height has its own kernel.</summary>
    public int TileHeight(int rowsLeft) =>
        rowsLeft >= TileRows ? TileRows : rowsLeft >= 6 ? 6 : rowsLeft >= 4 ? 4 : rowsLeft >= 2 ? 2 : 1;

    /// <summary>One tile of a product: c = a^T b.</summary>
    /// <param name="height">A value of <see cref="TileHeight"/>.</param>
    /// <param name="a">(depth, height)</param>
    /// <param name="b">(depth, PanelWidth)</param>
    /// <param name="c">(height, PanelWidth), rows <paramref name="stride"/> apart.</param>
    public abstract void Tile(int height, int depth, float* a, float* b, float* c, nint stride);

    /// <summary>Takes a finished tile into y.</summary>
    /// <param name="tile">(height, PanelWidth); its contents are used up.</param>
    /// <param name="y">(height, width), rows <paramref name="stride"/> apart.</param>
    /// <param name="width">Columns that exist in y: fewer than the tile has at the last panel.</param>
    public abstract void Finish(TileWrite write, int height, float* tile, float* y, nint stride, int width);

    /// <summary>y = x / rms(x) * weight. y may be x.</summary>
    public abstract void RmsNorm(float* x, float* weight, float epsilon, int length, float* y);

    /// <summary>y += x</summary>
    public abstract void Add(float* x, int length, float* y);

    /// <summary>y += scale * x</summary>
    public abstract void AddScaled(float* x, float scale, int length, float* y);

    /// <summary>Softmax in place over the first <paramref name="valid"/> scores; zero from there to <paramref name="length"/>.</summary>
    public abstract void Softmax(float* scores, int valid, int length);

    /// <summary>Rotates the pairs (x_i, x_(i + half)) by the angles of one position: Hugging Face's layout.</summary>
    public abstract void Rotate(float* x, float* cos, float* sin, int half);
}
