namespace RtMatching.Inference.Kernels;

/// <summary>Cosines and sines of rotary position embedding: angle(p, i) = p * theta^(-2i / headDim).</summary>
internal sealed class RotaryTable(int headDim, double theta)
{
    private readonly Lock _growth = new();
    private (float[] Cos, float[] Sin) _tables = ([], []);

    /// <summary>Tables that hold at least <paramref name="positions"/> rows. (positions, headDim / 2)</summary>
    /// <remarks>A window may be far longer than any text seen, so the tables grow with the texts.</remarks>
    public (float[] Cos, float[] Sin) For(int positions)
    {
        var half = headDim / 2;
        lock (_growth)
        {
            if (_tables.Cos.Length / half < positions) _tables = Compute((int)Math.Min(2L * positions, Array.MaxLength / half));
            return _tables;
        }
    }

    private (float[] Cos, float[] Sin) Compute(int positions)
    {
        var half = headDim / 2;
        var (cos, sin) = (new float[positions * half], new float[positions * half]);
        for (var i = 0; i < half; i++)
        {
            var frequency = Math.Pow(theta, -2.0 * i / headDim);
            for (var position = 0; position < positions; position++)
            {
                var (s, c) = Math.SinCos(position * frequency);
                (cos[position * half + i], sin[position * half + i]) = ((float)c, (float)s);
            }
        }

        return (cos, sin);
    }
}
