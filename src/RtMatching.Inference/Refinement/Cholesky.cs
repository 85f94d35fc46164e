using System.Numerics.Tensors;

namespace RtMatching.Inference.Refinement;

/// <summary>Solves A x = b for symmetric, positive definite A = L L^T, in double precision.</summary>
internal sealed class Cholesky
{
    private readonly double[] _l;     // (n, n), lower triangle
    private readonly int _n;

    private Cholesky(double[] l, int n) => (_l, _n) = (l, n);

    /// <param name="l">A, which the factor takes the place of: wide models' are too large to hold twice. (n, n), lower triangle</param>
    /// <returns>Null where rows are linearly dependent as far as rounding can tell, or a number is none.</returns>
    public static Cholesky? InPlace(double[] l, int n)
    {
        for (var j = 0; j < n; j++)
        {
            var diagonal = l[j * n + j];
            var pivot = diagonal - Dot(j, j);
            if (!(pivot > diagonal * 1e-13)) return null;   // what is left is rounding alone
            l[j * n + j] = Math.Sqrt(pivot);
            var column = j;
            Parallel.For(j + 1, n, i => l[i * n + column] = (l[i * n + column] - Dot(i, column)) / l[column * n + column]);
        }

        return new Cholesky(l, n);

        double Dot(int i, int j) => TensorPrimitives.Dot<double>(l.AsSpan(i * n, j), l.AsSpan(j * n, j));
    }

    /// <summary>x, in b's place. (n)</summary>
    public void Solve(Span<double> b)
    {
        for (var i = 0; i < _n; i++) b[i] = (b[i] - TensorPrimitives.Dot<double>(_l.AsSpan(i * _n, i), b[..i])) / _l[i * _n + i];
        for (var i = _n - 1; i >= 0; i--)
        {
            b[i] /= _l[i * _n + i];
            var above = b[..i];   // rows of L, which lie together, instead of its columns
            TensorPrimitives.MultiplyAdd(_l.AsSpan(i * _n, i), -b[i], above, above);
        }
    }
}
