using RtMatching.Inference.Kernels;

namespace RtMatching.Tests.Kernels;

/// <summary>Random inputs and native buffers for kernel tests.</summary>
internal static unsafe class Numbers
{
    public static TheoryData<string> Paths => [.. Enum.GetNames<SimdPath>()];

    public static SimdKernels KernelsOf(string path) => SimdKernels.For(Enum.Parse<SimdPath>(path));

    public static float[] Random(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    public static NativeBuffer Native(float[] values)
    {
        var buffer = new NativeBuffer(values.Length);
        values.CopyTo(buffer.Slice(0, values.Length));
        return buffer;
    }

    public static float[] Copy(NativeBuffer buffer, int count) => buffer.Slice(0, count).ToArray();

    /// <summary>Each number within <paramref name="tolerance"/>.</summary>
    public static void AssertClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance)) Assert.Fail($"at {i}: {actual[i]}, expected {expected[i]}");
        }
    }
}
