using System.Diagnostics;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Kernels;
using RtMatching.Inference.Model;

namespace RtMatching.Benchmarks;

/// <summary>A whole forward of one text through the Qwen3-0.6B shape with random weights, beside the machine's peaks in the same run.</summary>
internal static class ForwardBenchmark
{
    private const int Rounds = 7;

    /// <summary>Qwen3-Embedding-0.6B; only the vocabulary is small, which no arithmetic depends on.</summary>
    private static readonly ModelConfig Shape = new()
    {
        Family = ModelFamily.Qwen3,
        Layers = 28,
        Hidden = 1024,
        FeedForward = 3072,
        Heads = 16,
        KeyValueHeads = 8,
        HeadDim = 128,
        Vocabulary = 1000,
        Window = 32768,
        RopeTheta = 1e6f,
        NormEpsilon = 1e-6f,
        QueryKeyNorm = true,
    };

    public static int Run(string[] args)
    {
        var tokens = Arguments.Number(args, "--tokens", 512);
        var kernels = Arguments.Text(args, "--path") is { } path ? SimdKernels.For(Enum.Parse<SimdPath>(path)) : SimdKernels.Best;
        using var decoder = new Decoder(Shape, new RandomWeights(Shape), kernels, Environment.ProcessorCount);
        var random = new Random(1);
        var batch = new PackedBatch([[.. Enumerable.Range(0, tokens).Select(_ => random.Next(Shape.Vocabulary))]]);

        // Peaks are measured before and after: on a machine shared with others the better one is the machine's.
        var peak = PeakLoop.Measure();
        var gemm = GemmBenchmark.Peak(kernels);
        var seconds = Measure(() => decoder.Prefill(batch, Capture.Refinement).Dispose());
        (peak, gemm) = (Math.Max(peak, PeakLoop.Measure()), Math.Max(gemm, GemmBenchmark.Peak(kernels)));

        Console.WriteLine($"register-resident FMA peak   {peak,7:f1} GFLOP/s on {Environment.ProcessorCount} cores");
        Console.WriteLine($"our GEMM, 1536 cubed         {gemm,7:f1} GFLOP/s = {gemm / peak:p0} of the peak");
        Report("forward, best", seconds[0], tokens, peak);
        Report("forward, median", seconds[Rounds / 2], tokens, peak);
        ReportRefinement(decoder, batch, seconds[0]);
        return 0;
    }

    private static void Report(string name, double seconds, int tokens, double peak)
    {
        var rate = Flops(tokens) / seconds / 1e9;
        Console.WriteLine($"{name,-27}  {rate,7:f1} GFLOP/s = {rate / peak:p0} of the peak; {tokens} tokens in {seconds:f2} s, {tokens / seconds:f0} tokens/s");
    }

    private static void ReportRefinement(Decoder decoder, PackedBatch batch, double prefill)
    {
        using var state = decoder.Prefill(batch, Capture.Refinement);
        var memory = new float[Shape.Hidden];
        state.Memory([0], memory);
        var pass = Measure(() => state.Refine([0], memory))[0];
        var bytes = sizeof(float) * (double)MatrixNumbers();
        Console.WriteLine($"refinement pass, one text    {pass * 1e3,7:f1} ms = {pass / prefill:p1} of the prefill; reads weights at {bytes / pass / 1e9:f1} GB/s");
    }

    /// <summary>Multiply-adds count two. Attention counts the causal half only.</summary>
    private static double Flops(int tokens) =>
        2.0 * tokens * MatrixNumbers() + 2.0 * Shape.Layers * Shape.QueryWidth * ((double)tokens * (tokens + 1));

    private static long MatrixNumbers() =>
        Shape.Layers * (2L * Shape.Hidden * (Shape.QueryWidth + Shape.KeyValueWidth) + 3L * Shape.Hidden * Shape.FeedForward);

    private static double[] Measure(Action action)
    {
        action();
        var seconds = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            seconds[round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds;
    }
}
