using System.Runtime.CompilerServices;

namespace RtMatching.Inference.Kernels;

/// <inheritdoc />
internal sealed unsafe partial class SimdKernels<TLanes, TVector> : SimdKernels
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    public override int Lanes => TLanes.Count;
    public override int TileRows => TLanes.TileRows;

    public override void Finish(TileWrite write, int height, float* tile, float* y, nint stride, int width)
    {
        for (var row = 0; row < height; row++, tile += PanelWidth, y += stride)
        {
            if (write == TileWrite.SwiGlu) SwiGlu(tile);
            if (write == TileWrite.Accumulate) Add(tile, width, y);
            else new Span<float>(tile, width).CopyTo(new Span<float>(y, width));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RmsNorm(float* x, float* weight, float epsilon, int length, float* y)
    {
        var squares = TLanes.Broadcast(0);
        var i = 0;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            var v = TLanes.Load(x + i);
            squares = TLanes.MultiplyAdd(v, v, squares);
        }

        var sum = TLanes.Sum(squares);
        for (; i < length; i++) sum += x[i] * x[i];
        var scale = 1 / MathF.Sqrt(sum / length + epsilon);
        var scales = TLanes.Broadcast(scale);
        for (i = 0; i <= length - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), scales), TLanes.Load(weight + i)), y + i);
        }

        for (; i < length; i++) y[i] = x[i] * scale * weight[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(float* x, int length, float* y)
    {
        var i = 0;
        for (; i <= length - TLanes.Count; i += TLanes.Count) TLanes.Store(TLanes.Add(TLanes.Load(y + i), TLanes.Load(x + i)), y + i);
        for (; i < length; i++) y[i] += x[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void AddScaled(float* x, float scale, int length, float* y)
    {
        var scales = TLanes.Broadcast(scale);
        var i = 0;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + i), scales, TLanes.Load(y + i)), y + i);
        }

        for (; i < length; i++) y[i] += scale * x[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Softmax(float* scores, int valid, int length)
    {
        var max = Maximum(scores, valid);
        var sum = ExpMinus(scores, valid, max);
        var scale = 1 / sum;
        var scales = TLanes.Broadcast(scale);
        var i = 0;
        for (; i <= valid - TLanes.Count; i += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.Load(scores + i), scales), scores + i);
        for (; i < valid; i++) scores[i] *= scale;
        new Span<float>(scores + valid, length - valid).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Rotate(float* x, float* cos, float* sin, int half)
    {
        var i = 0;
        for (; i <= half - TLanes.Count; i += TLanes.Count)
        {
            var (left, right) = (TLanes.Load(x + i), TLanes.Load(x + half + i));
            var (c, s) = (TLanes.Load(cos + i), TLanes.Load(sin + i));
            TLanes.Store(TLanes.Subtract(TLanes.Multiply(left, c), TLanes.Multiply(right, s)), x + i);
            TLanes.Store(TLanes.MultiplyAdd(right, c, TLanes.Multiply(left, s)), x + half + i);
        }

        for (; i < half; i++)
        {
            var (left, right) = (x[i], x[half + i]);
            x[i] = left * cos[i] - right * sin[i];
            x[half + i] = right * cos[i] + left * sin[i];
        }
    }

    private static float Maximum(float* x, int length)
    {
        var max = float.NegativeInfinity;
        var i = 0;
        if (length >= TLanes.Count)
        {
            var lanes = TLanes.Load(x);
            for (i = TLanes.Count; i <= length - TLanes.Count; i += TLanes.Count) lanes = TLanes.Max(lanes, TLanes.Load(x + i));
            var each = stackalloc float[TLanes.Count];
            TLanes.Store(lanes, each);
            for (var lane = 0; lane < TLanes.Count; lane++) max = MathF.Max(max, each[lane]);
        }

        for (; i < length; i++) max = MathF.Max(max, x[i]);
        return max;
    }

    /// <summary>x = exp(x - max) in place; gives the sum.</summary>
    private static float ExpMinus(float* x, int length, float max)
    {
        var maxima = TLanes.Broadcast(max);
        var sums = TLanes.Broadcast(0);
        var i = 0;
        for (; i <= length - TLanes.Count; i += TLanes.Count)
        {
            var e = Exp(TLanes.Subtract(TLanes.Load(x + i), maxima));
            sums = TLanes.Add(sums, e);
            TLanes.Store(e, x + i);
        }

        var sum = TLanes.Sum(sums);
        for (; i < length; i++) sum += x[i] = MathF.Exp(x[i] - max);
        return sum;
    }

    /// <summary>The left half of a tile's row becomes silu(left) * right, with silu(g) = g / (1 + exp(-g)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SwiGlu(float* row)
    {
        var (gate, up) = (TLanes.Load(row), TLanes.Load(row + TLanes.Count));
        var denominator = TLanes.Add(TLanes.Broadcast(1), Exp(TLanes.Subtract(TLanes.Broadcast(0), gate)));
        TLanes.Store(TLanes.Multiply(TLanes.Divide(gate, denominator), up), row);
    }

    /// <summary>
    /// e^x to 2 units in the last place: x = n ln 2 + r, e^r by the polynomial of Cephes' expf, 2^n by way of the exponent.
    /// Beyond [-87, 88] it stays at the end's value (1e-38, 1.6e38), which no softmax or sigmoid can tell from 0 or infinity.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Exp(TVector x)
    {
        const float lowBitsAreInteger = 12582912; // 1.5 * 2^23: adding it rounds to an integer, left in the low bits
        var clamped = TLanes.Max(TLanes.Broadcast(-87), TLanes.Min(TLanes.Broadcast(88), x));
        var shifted = TLanes.MultiplyAdd(clamped, TLanes.Broadcast(1.44269504f), TLanes.Broadcast(lowBitsAreInteger));
        var n = TLanes.Subtract(shifted, TLanes.Broadcast(lowBitsAreInteger));
        var r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-0.693359375f), clamped); // ln 2 in two parts: the first is exact in few bits
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        var p = TLanes.MultiplyAdd(TLanes.Broadcast(1.9875691500e-4f), r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        p = TLanes.MultiplyAdd(TLanes.Multiply(p, r), r, TLanes.Add(r, TLanes.Broadcast(1)));
        return TLanes.AddExponent(p, shifted);
    }
}
