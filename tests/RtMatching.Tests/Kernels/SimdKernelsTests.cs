using RtMatching.Inference.Kernels;
using static RtMatching.Tests.Kernels.Numbers;

namespace RtMatching.Tests.Kernels;

/// <summary>The row kernels against their formulas in double, for every length around the register widths, on each SIMD path.</summary>
public unsafe class SimdKernelsTests
{
    private const int MaxLength = 70;

    public static TheoryData<string> AllPaths => Paths;

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void RmsNorm_divides_by_the_root_mean_square(string path)
    {
        for (var length = 1; length <= MaxLength; length++)
        {
            var (x, weight) = (Random(length, length), Random(100 + length, length));
            var rms = Math.Sqrt(x.Average(v => (double)v * v) + 1e-5);
            fixed (float* px = x, pw = weight) KernelsOf(path).RmsNorm(px, pw, 1e-5f, length, px);
            AssertClose([.. Random(length, length).Select((v, i) => v / rms * weight[i])], x, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Softmax_sums_to_one_over_the_valid_scores_and_is_zero_after_them(string path)
    {
        for (var valid = 1; valid <= MaxLength; valid++)
        {
            var x = Random(valid, valid + 5).Select(v => 30 * v).ToArray();
            Array.Fill(x, float.NaN, valid, 5); // masked scores were never computed: they may hold anything
            var exps = x[..valid].Select(v => Math.Exp(v - (double)x[..valid].Max())).ToArray();
            fixed (float* p = x) KernelsOf(path).Softmax(p, valid, valid + 5);
            AssertClose([.. exps.Select(e => e / exps.Sum()), .. new double[5]], x, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Softmax_survives_scores_far_beyond_the_range_of_exp(string path)
    {
        float[] x = [1e4f, -1e4f, 1e4f, 3e38f, -3e38f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3e38f];
        fixed (float* p = x) KernelsOf(path).Softmax(p, x.Length, x.Length);
        AssertClose([0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5], x, 1e-6);
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Rotate_turns_each_pair_by_its_angle(string path)
    {
        for (var half = 1; half <= MaxLength; half++)
        {
            var (x, angles) = (Random(half, 2 * half), Random(200 + half, half));
            var (cos, sin) = (angles.Select(MathF.Cos).ToArray(), angles.Select(MathF.Sin).ToArray());
            var left = x.Take(half).Select((v, i) => v * (double)cos[i] - x[half + i] * (double)sin[i]);
            var right = x.Skip(half).Select((v, i) => v * (double)cos[i] + x[i] * (double)sin[i]);
            double[] expected = [.. left, .. right];
            fixed (float* p = x, c = cos, s = sin) KernelsOf(path).Rotate(p, c, s, half);
            AssertClose(expected, x, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Add_and_AddScaled_add(string path)
    {
        for (var length = 1; length <= MaxLength; length++)
        {
            var (x, y) = (Random(length, length), Random(300 + length, length));
            double[] expected = [.. y.Zip(x, (before, add) => before + add - 0.25 * add)];
            fixed (float* px = x, py = y)
            {
                KernelsOf(path).Add(px, length, py);
                KernelsOf(path).AddScaled(px, -0.25f, length, py);
            }

            AssertClose(expected, y, 1e-6);
        }
    }

    [Fact]
    public void The_best_path_is_one_that_this_machine_accelerates() =>
        Assert.Contains(SimdKernels.Best.Lanes, new[] { 4, 8, 16 });
}
