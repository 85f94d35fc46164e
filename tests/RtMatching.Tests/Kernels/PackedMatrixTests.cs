using RtMatching.Inference.Kernels;
using static RtMatching.Tests.Kernels.Numbers;

namespace RtMatching.Tests.Kernels;

/// <summary>Matrix products against double loops, on each SIMD path.</summary>
public unsafe class PackedMatrixTests
{
    private static readonly Workers TwoWorkers = new(2);

    /// <summary>(rows, depth, outputs): every tile height, columns around the panel widths, sums and rows beyond one block.</summary>
    private static readonly (int Rows, int Depth, int Outputs)[] Shapes =
    [
        (1, 1, 1), (2, 3, 7), (3, 64, 8), (4, 17, 31), (5, 40, 32), (6, 9, 33), (7, 31, 16), (11, 16, 15), (12, 50, 64), (13, 23, 65),
        (23, 8, 100), (35, 48, 17), (3, 2049, 5), (2, 4500, 33), (481, 5, 9), (970, 3, 4),
    ];

    public static TheoryData<string> AllPaths => Paths;

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Products_equal_double_loops(string path)
    {
        foreach (var (rows, depth, outputs) in Shapes)
        {
            var (x, w) = (Random(1, rows * depth), Random(2, outputs * depth));
            AssertClose(Naive(x, w, rows, depth, outputs), Product(path, x, w, rows, depth, outputs, start: null), Tolerance(depth));
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Accumulating_adds_to_what_is_there(string path)
    {
        foreach (var (rows, depth, outputs) in Shapes)
        {
            var (x, w, start) = (Random(3, rows * depth), Random(4, outputs * depth), Random(5, rows * outputs));
            var expected = Naive(x, w, rows, depth, outputs).Zip(start, (product, before) => product + before).ToArray();
            AssertClose(expected, Product(path, x, w, rows, depth, outputs, start), Tolerance(depth));
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void A_gated_matrix_gives_silu_of_gate_times_up(string path)
    {
        foreach (var (rows, depth, outputs) in Shapes)
        {
            var (x, gate, up) = (Random(6, rows * depth), Random(7, outputs * depth), Random(8, outputs * depth));
            var expected = Naive(x, gate, rows, depth, outputs).Zip(Naive(x, up, rows, depth, outputs), (g, u) => g / (1 + Math.Exp(-g)) * u);
            using var matrix = PackedMatrix.PackGated(KernelsOf(path), TwoWorkers, outputs, depth, Reader(gate, depth), Reader(up, depth));
            AssertClose([.. expected], Multiply(path, matrix, x, rows, null), 20 * Tolerance(depth));
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void A_row_does_not_depend_on_the_rows_beside_it(string path)
    {
        var (rows, depth, outputs) = (29, 70, 45);
        var (x, w) = (Random(9, rows * depth), Random(10, outputs * depth));
        var together = Product(path, x, w, rows, depth, outputs, start: null);
        for (var row = 0; row < rows; row++)
        {
            var alone = Product(path, x[(row * depth)..((row + 1) * depth)], w, 1, depth, outputs, start: null);
            Assert.Equal(together[(row * outputs)..((row + 1) * outputs)], alone);
        }
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void The_gate_is_silu_far_beyond_the_range_of_exp(string path)
    {
        float[] gate = [-1e5f, -200, -88.5f, -87, -20, -1, -1e-30f, 0, 1e-30f, 0.5f, 1, 20, 87, 88.5f, 200, 1e5f, float.NaN];
        using var matrix = PackedMatrix.PackGated(
            KernelsOf(path), TwoWorkers, gate.Length, 1, Reader(gate, 1), Reader([.. Enumerable.Repeat(1f, gate.Length)], 1));
        var actual = Multiply(path, matrix, [1], 1, null);
        for (var i = 0; i < gate.Length - 1; i++)
        {
            var expected = gate[i] / (1 + Math.Exp(-(double)gate[i]));
            Assert.True(Math.Abs(expected - actual[i]) <= 1e-6 * Math.Abs(expected) + 1e-30, $"silu({gate[i]}) = {actual[i]}");
        }

        Assert.True(float.IsNaN(actual[^1]), "a broken weight must show, not vanish");
    }

    [Fact]
    public void Rows_of_another_depth_are_refused()
    {
        using var matrix = PackedMatrix.Pack(SimdKernels.Best, TwoWorkers, 4, 5, Reader(new float[20], 5));
        Assert.Throws<ArgumentException>(() => Multiply(nameof(SimdPath.Vector128), matrix, new float[6], 1, null));
    }

    private static float[] Product(string path, float[] x, float[] w, int rows, int depth, int outputs, float[]? start)
    {
        using var matrix = PackedMatrix.Pack(KernelsOf(path), TwoWorkers, outputs, depth, Reader(w, depth));
        return Multiply(path, matrix, x, rows, start);
    }

    private static float[] Multiply(string path, PackedMatrix matrix, float[] x, int rows, float[]? start)
    {
        using var panels = new RowPanels(KernelsOf(path), TwoWorkers);
        using var y = Native(start ?? [.. Enumerable.Repeat(float.NaN, rows * matrix.Outputs)]);
        fixed (float* source = x) panels.Pack(source, rows, x.Length / rows);
        matrix.Multiply(panels, y.Pointer, accumulate: start is not null, TwoWorkers);
        return Copy(y, rows * matrix.Outputs);
    }

    private static RowReader Reader(float[] w, int depth) =>
        (first, count, destination) => w.AsSpan(first * depth, count * depth).CopyTo(destination);

    private static double[] Naive(float[] x, float[] w, int rows, int depth, int outputs)
    {
        var y = new double[rows * outputs];
        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < outputs; output++)
            {
                for (var k = 0; k < depth; k++) y[row * outputs + output] += (double)x[row * depth + k] * w[output * depth + k];
            }
        }

        return y;
    }

    /// <summary>The rounding of a random walk of <paramref name="depth"/> float additions, with room to spare.</summary>
    private static double Tolerance(int depth) => 1e-6 * Math.Sqrt(depth) + 1e-6 * depth / 16;
}
