using System.Runtime.CompilerServices;

namespace RtMatching.Inference.Kernels;

// One kernel for each tile height. The accumulators are named one by one because only locals stay in registers, and
// the kernels call nothing and branch on nothing, because the JIT then spills accumulators inside the loop.
internal sealed unsafe partial class SimdKernels<TLanes, TVector>
{
    public override void Tile(int height, int depth, float* a, float* b, float* c, nint stride)
    {
        switch (height)
        {
            case 12: Tile12(depth, a, b, c, stride); break;
            case 6: Tile6(depth, a, b, c, stride); break;
            case 4: Tile4(depth, a, b, c, stride); break;
            case 2: Tile2(depth, a, b, c, stride); break;
            default: Tile1(depth, a, b, c, stride); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12(int depth, float* a, float* b, float* c, nint stride)
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

        TLanes.Store(l0, c);
        TLanes.Store(r0, c + TLanes.Count);
        TLanes.Store(l1, c + stride);
        TLanes.Store(r1, c + stride + TLanes.Count);
        TLanes.Store(l2, c + 2 * stride);
        TLanes.Store(r2, c + 2 * stride + TLanes.Count);
        TLanes.Store(l3, c + 3 * stride);
        TLanes.Store(r3, c + 3 * stride + TLanes.Count);
        TLanes.Store(l4, c + 4 * stride);
        TLanes.Store(r4, c + 4 * stride + TLanes.Count);
        TLanes.Store(l5, c + 5 * stride);
        TLanes.Store(r5, c + 5 * stride + TLanes.Count);
        TLanes.Store(l6, c + 6 * stride);
        TLanes.Store(r6, c + 6 * stride + TLanes.Count);
        TLanes.Store(l7, c + 7 * stride);
        TLanes.Store(r7, c + 7 * stride + TLanes.Count);
        TLanes.Store(l8, c + 8 * stride);
        TLanes.Store(r8, c + 8 * stride + TLanes.Count);
        TLanes.Store(l9, c + 9 * stride);
        TLanes.Store(r9, c + 9 * stride + TLanes.Count);
        TLanes.Store(l10, c + 10 * stride);
        TLanes.Store(r10, c + 10 * stride + TLanes.Count);
        TLanes.Store(l11, c + 11 * stride);
        TLanes.Store(r11, c + 11 * stride + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6(int depth, float* a, float* b, float* c, nint stride)
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

        TLanes.Store(l0, c);
        TLanes.Store(r0, c + TLanes.Count);
        TLanes.Store(l1, c + stride);
        TLanes.Store(r1, c + stride + TLanes.Count);
        TLanes.Store(l2, c + 2 * stride);
        TLanes.Store(r2, c + 2 * stride + TLanes.Count);
        TLanes.Store(l3, c + 3 * stride);
        TLanes.Store(r3, c + 3 * stride + TLanes.Count);
        TLanes.Store(l4, c + 4 * stride);
        TLanes.Store(r4, c + 4 * stride + TLanes.Count);
        TLanes.Store(l5, c + 5 * stride);
        TLanes.Store(r5, c + 5 * stride + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4(int depth, float* a, float* b, float* c, nint stride)
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

        TLanes.Store(l0, c);
        TLanes.Store(r0, c + TLanes.Count);
        TLanes.Store(l1, c + stride);
        TLanes.Store(r1, c + stride + TLanes.Count);
        TLanes.Store(l2, c + 2 * stride);
        TLanes.Store(r2, c + 2 * stride + TLanes.Count);
        TLanes.Store(l3, c + 3 * stride);
        TLanes.Store(r3, c + 3 * stride + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2(int depth, float* a, float* b, float* c, nint stride)
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

        TLanes.Store(l0, c);
        TLanes.Store(r0, c + TLanes.Count);
        TLanes.Store(l1, c + stride);
        TLanes.Store(r1, c + stride + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(int depth, float* a, float* b, float* c, nint stride)
    {
        TVector l0 = TLanes.Broadcast(0), r0 = l0;
        for (; depth > 0; depth--, a++, b += 2 * TLanes.Count)
        {
            var (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            l0 = TLanes.MultiplyAdd(x, left, l0);
            r0 = TLanes.MultiplyAdd(x, right, r0);
        }

        TLanes.Store(l0, c);
        TLanes.Store(r0, c + TLanes.Count);
    }
}
