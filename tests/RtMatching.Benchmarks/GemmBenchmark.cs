using System.Diagnostics;
using RtMatching.Inference.Kernels;

namespace RtMatching.Benchmarks;

/// <summary>Our matrix products beside the machine's peak: large, the decoder's shapes, and the few rows of a refinement pass.</summary>
internal static class GemmBenchmark
{
    private static readonly (int Rows, int Depth, int Outputs)[] Shapes =
    [
        (1536, 1536, 1536), (512, 1024, 2048), (512, 1024, 3072), (512, 3072, 1024), (16, 1024, 3072), (2, 1024, 3072), (1, 1024, 3072),
    ];

    public static int Run(string[] args)
    {
        Console.WriteLine($"register-resident FMA peak, {Environment.ProcessorCount} cores: {PeakLoop.Measure():f0} GFLOP/s");
        foreach (var path in Enum.GetValues<SimdPath>().Reverse())
        {
            foreach (var (rows, depth, outputs) in Shapes)
            {
                var seconds = Measure(SimdKernels.For(path), rows, depth, outputs);
                var gigaflops = 2.0 * rows * depth * outputs / seconds / 1e9;
                var bandwidth = 4.0 * depth * outputs / seconds / 1e9;
                Console.WriteLine($"{path}  {rows,5} x {depth,5} x {outputs,5}  {gigaflops,7:f1} GFLOP/s  weights {bandwidth,6:f1} GB/s");
            }
        }

        return 0;
    }

    /// <summary>GFLOP/s of the best product of large square matrices.</summary>
    public static double Peak(SimdKernels kernels)
    {
        const int size = 1536;
        return 2.0 * size * size * size / Measure(kernels, size, size, size) / 1e9;
    }

    /// <summary>The fastest time for one product, packing of its rows included.</summary>
    private static unsafe double Measure(SimdKernels kernels, int rows, int depth, int outputs)
    {
        var workers = new Workers(Environment.ProcessorCount);
        var random = new Random(1);
        using var matrix = PackedMatrix.Pack(kernels, workers, outputs, depth, (_, _, destination) => destination.Fill(0.01f));
        using var panels = new RowPanels(kernels, workers);
        using var x = new NativeBuffer((long)rows * depth);
        using var y = new NativeBuffer((long)rows * outputs);
        for (var i = 0; i < x.Length; i++) x.Pointer[i] = random.NextSingle();

        var (best, rounds) = (double.MaxValue, rows >= 512 ? 8 : 200);
        for (var round = 0; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            panels.Pack(x.Pointer, rows, depth);
            matrix.Multiply(panels, y.Pointer, accumulate: false, workers);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
