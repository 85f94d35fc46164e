using System.Numerics.Tensors;

namespace RtMatching.Inference.Refinement;

/// <summary>
/// The W that makes sum |y - W x|^2 + lambda |W|^2 least, by its normal equations W (X X^T + lambda I) = Y X^T: a pass over the
/// data in bounded memory, sums in double precision, and a Cholesky factor at the end.
/// </summary>
internal sealed class RidgeRegression(int inputs, int outputs)
{
    /// <summary>Pairs gathered before they are summed, so that a sum is a dot product of this length and not one addition.</summary>
    private const int BlockRows = 256;

    private readonly double[] _xx = new double[(long)inputs * inputs]; // (inputs, inputs), lower triangle
    private readonly double[] _yx = new double[(long)outputs * inputs]; // (outputs, inputs)
    private readonly double[] _xBlock = new double[(long)inputs * BlockRows]; // (inputs, rows)
    private readonly double[] _yBlock = new double[(long)outputs * BlockRows]; // (outputs, rows)
    private int _pending;

    /// <summary>Pairs added.</summary>
    public long Count { get; private set; }

    /// <param name="x">(inputs)</param>
    /// <param name="y">(outputs)</param>
    public void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        for (var i = 0; i < inputs; i++) _xBlock[i * BlockRows + _pending] = x[i];
        for (var o = 0; o < outputs; o++) _yBlock[o * BlockRows + _pending] = y[o];
        Count++;
        if (++_pending == BlockRows) Flush();
    }

    /// <param name="ridge">lambda, relative to the mean diagonal of X X^T, so that it means the same for states of any length and number.</param>
    /// <returns>(outputs, inputs)</returns>
    /// <exception cref="ArgumentException">The inputs are linearly dependent as far as the ridge can tell.</exception>
    public float[] Solve(double ridge)
    {
        if (!double.IsFinite(ridge) || ridge < 0) throw new ArgumentOutOfRangeException(nameof(ridge), ridge, "A ridge is a number from 0 on.");
        Flush();
        var factor = Factor(ridge);
        var solution = new float[(long)outputs * inputs];
        Parallel.For(0, outputs, o =>
        {
            var row = _yx.AsSpan(o * inputs, inputs).ToArray();
            factor.Solve(row);
            for (var i = 0; i < inputs; i++) solution[o * inputs + i] = (float)row[i];
        });
        return solution;
    }

    private void Flush()
    {
        var rows = _pending;
        Parallel.For(0, inputs, i =>
        {
            for (var j = 0; j <= i; j++) _xx[i * inputs + j] += Dot(_xBlock, i, _xBlock, j);
        });
        Parallel.For(0, outputs, o =>
        {
            for (var i = 0; i < inputs; i++) _yx[o * inputs + i] += Dot(_yBlock, o, _xBlock, i);
        });
        _pending = 0;

        double Dot(double[] a, int i, double[] b, int j) =>
            TensorPrimitives.Dot<double>(a.AsSpan(i * BlockRows, rows), b.AsSpan(j * BlockRows, rows));
    }

    /// <summary>Of X X^T + lambda I.</summary>
    private Cholesky Factor(double ridge)
    {
        var lambda = ridge * Enumerable.Range(0, inputs).Average(i => _xx[i * inputs + i]);
        var matrix = (double[])_xx.Clone();
        for (var i = 0; i < inputs; i++) matrix[i * inputs + i] += lambda;
        return Cholesky.InPlace(matrix, inputs) ?? throw Dependent(ridge);
    }

    private static ArgumentException Dependent(double ridge) =>
        new($"The states are linearly dependent, so a ridge of {ridge} gives no single map; give a larger ridge, for example 0.001.");
}
