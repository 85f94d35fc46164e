using System.Runtime.CompilerServices;

namespace RtMatching.Inference.Kernels;

// One kernel for each tile height. The accumulators are named one by one because only locals stay in registers.
internal sealed unsafe partial class SimdKernels<TLanes, TVector>
{
    public override void Tile(int height, int depth, float* a, float* b, float* c, nint stride, TileWrite write)
    {
        switch (height)
        {
            case 12: Tile12(depth, a, b, c, stride, write); break;
            case 6: Tile6(depth, a, b, c, stride, write); break;
            case 4: Tile4(depth, a, b, c, stride, write); break;
            case 2: Tile2(depth, a, b, c, stride, write); break;
            default: Tile1(depth, a, b, c, stride, write); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(TVector left, TVector right, float* c, TileWrite write)
    {
        switch (write)
        {
            case TileWrite.Store:
                TLanes.Store(left, c);
                TLanes.Store(right, c + TLanes.Count);
                break;
            case TileWrite.Accumulate:
                TLanes.Store(TLanes.Add(TLanes.Load(c), left), c);
                TLanes.Store(TLanes.Add(TLanes.Load(c + TLanes.Count), right), c + TLanes.Count);
                break;
            default:
                WriteSwiGlu(left, right, c);
                break;
        }
    }

    /// <summary>silu(g) = g / (1 + exp(-g))</summary>
    private static void WriteSwiGlu(TVector gate, TVector up, float* c)
    {
        var denominator = TLanes.Add(TLanes.Broadcast(1), TLanes.Exp(TLanes.Subtract(TLanes.Broadcast(0), gate)));
        TLanes.Store(TLanes.Multiply(TLanes.Divide(gate, denominator), up), c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12(int depth, float* a, float* b, float* c, nint stride, TileWrite write)
    {
        TVector l0 = TLanes.Broadcast(0), r0 = l0;
        TVector l1 = l0, r1 = l0;
        TVector l2 = l0, r2 = l0;
        TVector l3 = l0, r3 = l0;
        TVector l4 = l0, r4 = l0;
        TVector l5 = l0, r5 = l0;
        TVector l6 = l0, r6 = l0;
        TVector l7 = l0, r7 = l0;
        TVector l8 = l0, r8 = l0;
        TVector l9 = l0, r9 = l0;
        TVector l10 = l0, r10 = l0;
        TVector l11 = l0, r11 = l0;
        for (; depth > 0; depth--, a += 12, b += 2 * TLanes.Count)
        {
            var (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            l0 = TLanes.MultiplyAdd(x, left, l0);
            r0 = TLanes.MultiplyAdd(x, right, r0);
            x = TLanes.Broadcast(a[1]);
            l1 = TLanes.MultiplyAdd(x, left, l1);
            r1 = TLanes.MultiplyAdd(x, right, r1);
            x = TLanes.Broadcast(a[2]);
            l2 = TLanes.MultiplyAdd(x, left, l2);
            r2 = TLanes.MultiplyAdd(x, right, r2);
            x = TLanes.Broadcast(a[3]);
            l3 = TLanes.MultiplyAdd(x, left, l3);
            r3 = TLanes.MultiplyAdd(x, right, r3);
            x = TLanes.Broadcast(a[4]);
            l4 = TLanes.MultiplyAdd(x, left, l4);
            r4 = TLanes.MultiplyAdd(x, right, r4);
            x = TLanes.Broadcast(a[5]);
            l5 = TLanes.MultiplyAdd(x, left, l5);
            r5 = TLanes.MultiplyAdd(x, right, r5);
            x = TLanes.Broadcast(a[6]);
            l6 = TLanes.MultiplyAdd(x, left, l6);
            r6 = TLanes.MultiplyAdd(x, right, r6);
            x = TLanes.Broadcast(a[7]);
            l7 = TLanes.MultiplyAdd(x, left, l7);
            r7 = TLanes.MultiplyAdd(x, right, r7);
            x = TLanes.Broadcast(a[8]);
            l8 = TLanes.MultiplyAdd(x, left, l8);
            r8 = TLanes.MultiplyAdd(x, right, r8);
            x = TLanes.Broadcast(a[9]);
            l9 = TLanes.MultiplyAdd(x, left, l9);
            r9 = TLanes.MultiplyAdd(x, right, r9);
            x = TLanes.Broadcast(a[10]);
            l10 = TLanes.MultiplyAdd(x, left, l10);
            r10 = TLanes.MultiplyAdd(x, right, r10);
            x = TLanes.Broadcast(a[11]);
            l11 = TLanes.MultiplyAdd(x, left, l11);
            r11 = TLanes.MultiplyAdd(x, right, r11);
        }

        Write(l0, r0, c, write);
        Write(l1, r1, c + stride, write);
        Write(l2, r2, c + 2 * stride, write);
        Write(l3, r3, c + 3 * stride, write);
        Write(l4, r4, c + 4 * stride, write);
        Write(l5, r5, c + 5 * stride, write);
        Write(l6, r6, c + 6 * stride, write);
        Write(l7, r7, c + 7 * stride, write);
        Write(l8, r8, c + 8 * stride, write);
        Write(l9, r9, c + 9 * stride, write);
        Write(l10, r10, c + 10 * stride, write);
        Write(l11, r11, c + 11 * stride, write);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6(int depth, float* a, float* b, float* c, nint stride, TileWrite write)
    {
        TVector l0 = TLanes.Broadcast(0), r0 = l0;
        TVector l1 = l0, r1 = l0;
        TVector l2 = l0, r2 = l0;
        TVector l3 = l0, r3 = l0;
        TVector l4 = l0, r4 = l0;
        TVector l5 = l0, r5 = l0;
        for (; depth > 0; depth--, a += 6, b += 2 * TLanes.Count)
        {
            var (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            l0 = TLanes.MultiplyAdd(x, left, l0);
            r0 = TLanes.MultiplyAdd(x, right, r0);
            x = TLanes.Broadcast(a[1]);
            l1 = TLanes.MultiplyAdd(x, left, l1);
            r1 = TLanes.MultiplyAdd(x, right, r1);
            x = TLanes.Broadcast(a[2]);
            l2 = TLanes.MultiplyAdd(x, left, l2);
            r2 = TLanes.MultiplyAdd(x, right, r2);
            x = TLanes.Broadcast(a[3]);
            l3 = TLanes.MultiplyAdd(x, left, l3);
            r3 = TLanes.MultiplyAdd(x, right, r3);
            x = TLanes.Broadcast(a[4]);
            l4 = TLanes.MultiplyAdd(x, left, l4);
            r4 = TLanes.MultiplyAdd(x, right, r4);
            x = TLanes.Broadcast(a[5]);
            l5 = TLanes.MultiplyAdd(x, left, l5);
            r5 = TLanes.MultiplyAdd(x, right, r5);
        }

        Write(l0, r0, c, write);
        Write(l1, r1, c + stride, write);
        Write(l2, r2, c + 2 * stride, write);
        Write(l3, r3, c + 3 * stride, write);
        Write(l4, r4, c + 4 * stride, write);
        Write(l5, r5, c + 5 * stride, write);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4(int depth, float* a, float* b, float* c, nint stride, TileWrite write)
    {
        TVector l0 = TLanes.Broadcast(0), r0 = l0;
        TVector l1 = l0, r1 = l0;
        TVector l2 = l0, r2 = l0;
        TVector l3 = l0, r3 = l0;
        for (; depth > 0; depth--, a += 4, b += 2 * TLanes.Count)
        {
            var (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            l0 = TLanes.MultiplyAdd(x, left, l0);
            r0 = TLanes.MultiplyAdd(x, right, r0);
            x = TLanes.Broadcast(a[1]);
            l1 = TLanes.MultiplyAdd(x, left, l1);
            r1 = TLanes.MultiplyAdd(x, right, r1);
            x = TLanes.Broadcast(a[2]);
            l2 = TLanes.MultiplyAdd(x, left, l2);
            r2 = TLanes.MultiplyAdd(x, right, r2);
            x = TLanes.Broadcast(a[3]);
            l3 = TLanes.MultiplyAdd(x, left, l3);
            r3 = TLanes.MultiplyAdd(x, right, r3);
        }

        Write(l0, r0, c, write);
        Write(l1, r1, c + stride, write);
        Write(l2, r2, c + 2 * stride, write);
        Write(l3, r3, c + 3 * stride, write);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2(int depth, float* a, float* b, float* c, nint stride, TileWrite write)
    {
        TVector l0 = TLanes.Broadcast(0), r0 = l0;
        TVector l1 = l0, r1 = l0;
        for (; depth > 0; depth--, a += 2, b += 2 * TLanes.Count)
        {
            var (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            l0 = TLanes.MultiplyAdd(x, left, l0);
            r0 = TLanes.MultiplyAdd(x, right, r0);
            x = TLanes.Broadcast(a[1]);
            l1 = TLanes.MultiplyAdd(x, left, l1);
            r1 = TLanes.MultiplyAdd(x, right, r1);
        }

        Write(l0, r0, c, write);
        Write(l1, r1, c + stride, write);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(int depth, float* a, float* b, float* c, nint stride, TileWrite write)
    {
        TVector l0 = TLanes.Broadcast(0), r0 = l0;
        for (; depth > 0; depth--, a++, b += 2 * TLanes.Count)
        {
            var (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            l0 = TLanes.MultiplyAdd(x, left, l0);
            r0 = TLanes.MultiplyAdd(x, right, r0);
        }

        Write(l0, r0, c, write);
    }
}
