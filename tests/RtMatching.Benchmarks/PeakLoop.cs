using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RtMatching.Benchmarks;

/// <summary>The most f32 multiply-adds that this machine does: independent sums in registers, no memory, all cores.</summary>
internal static class PeakLoop
{
    private const int Steps = 4_000_000;

    /// <summary>A sum waits about 4 cycles for the one before, and two may start in each cycle: more than 8 hide that.</summary>
    private const int Sums = 12;

    /// <summary>GFLOP/s, the best of <paramref name="rounds"/>.</summary>
    public static double Measure(int rounds = 7)
    {
        var best = 0.0;
        for (var round = 0; round < rounds; round++)
        {
            var (seconds, lanes) = RunOnAllCores();
            best = Math.Max(best, 2.0 * Sums * Steps * lanes * Environment.ProcessorCount / seconds / 1e9);
        }

        return best;
    }

    private static (double Seconds, int Lanes) RunOnAllCores()
    {
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() => Run(1.0000001f))).ToArray();
        var start = Stopwatch.GetTimestamp();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4);
    }

    private static float Run(float factor) =>
        Vector512.IsHardwareAccelerated ? Run512(factor) : Vector256.IsHardwareAccelerated ? Run256(factor) : Run128(factor);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Run512(float factor)
    {
        var (m, c) = (Vector512.Create(factor), Vector512.Create(1e-9f));
        Vector512<float> a = m, b = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m, n = m;
        for (var step = 0; step < Steps; step++)
        {
            a = Vector512.MultiplyAddEstimate(a, m, c);
            b = Vector512.MultiplyAddEstimate(b, m, c);
            d = Vector512.MultiplyAddEstimate(d, m, c);
            e = Vector512.MultiplyAddEstimate(e, m, c);
            f = Vector512.MultiplyAddEstimate(f, m, c);
            g = Vector512.MultiplyAddEstimate(g, m, c);
            h = Vector512.MultiplyAddEstimate(h, m, c);
            i = Vector512.MultiplyAddEstimate(i, m, c);
            j = Vector512.MultiplyAddEstimate(j, m, c);
            k = Vector512.MultiplyAddEstimate(k, m, c);
            l = Vector512.MultiplyAddEstimate(l, m, c);
            n = Vector512.MultiplyAddEstimate(n, m, c);
        }

        return Vector512.Sum(a + b + d + e + f + g + h + i + j + k + l + n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Run256(float factor)
    {
        var (m, c) = (Vector256.Create(factor), Vector256.Create(1e-9f));
        Vector256<float> a = m, b = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m, n = m;
        for (var step = 0; step < Steps; step++)
        {
            a = Vector256.MultiplyAddEstimate(a, m, c);
            b = Vector256.MultiplyAddEstimate(b, m, c);
            d = Vector256.MultiplyAddEstimate(d, m, c);
            e = Vector256.MultiplyAddEstimate(e, m, c);
            f = Vector256.MultiplyAddEstimate(f, m, c);
            g = Vector256.MultiplyAddEstimate(g, m, c);
            h = Vector256.MultiplyAddEstimate(h, m, c);
            i = Vector256.MultiplyAddEstimate(i, m, c);
            j = Vector256.MultiplyAddEstimate(j, m, c);
            k = Vector256.MultiplyAddEstimate(k, m, c);
            l = Vector256.MultiplyAddEstimate(l, m, c);
            n = Vector256.MultiplyAddEstimate(n, m, c);
        }

        return Vector256.Sum(a + b + d + e + f + g + h + i + j + k + l + n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Run128(float factor)
    {
        var (m, c) = (Vector128.Create(factor), Vector128.Create(1e-9f));
        Vector128<float> a = m, b = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m, n = m;
        for (var step = 0; step < Steps; step++)
        {
            a = Vector128.MultiplyAddEstimate(a, m, c);
            b = Vector128.MultiplyAddEstimate(b, m, c);
            d = Vector128.MultiplyAddEstimate(d, m, c);
            e = Vector128.MultiplyAddEstimate(e, m, c);
            f = Vector128.MultiplyAddEstimate(f, m, c);
            g = Vector128.MultiplyAddEstimate(g, m, c);
            h = Vector128.MultiplyAddEstimate(h, m, c);
            i = Vector128.MultiplyAddEstimate(i, m, c);
            j = Vector128.MultiplyAddEstimate(j, m, c);
            k = Vector128.MultiplyAddEstimate(k, m, c);
            l = Vector128.MultiplyAddEstimate(l, m, c);
            n = Vector128.MultiplyAddEstimate(n, m, c);
        }

        return Vector128.Sum(a + b + d + e + f + g + h + i + j + k + l + n);
    }
}
