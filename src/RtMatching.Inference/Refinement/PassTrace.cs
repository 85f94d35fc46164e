using System.Numerics.Tensors;

namespace RtMatching.Inference.Refinement;

/// <summary>What one pass of Refined Thought did to one text.</summary>
/// <param name="Cosine">Between this pass's embedding and the one before; 1 for pass 1.</param>
/// <param name="RelativeChange">|e_k - e_(k-1)| / |e_(k-1)| of the states before normalisation; 0 for pass 1.</param>
/// <param name="SecondChange">|(e_k - e_(k-1)) - (e_(k-1) - e_(k-2))| / |e_(k-1)|: small also where the embedding glides evenly; 0 for passes 1 and 2.</param>
/// <param name="AttentionEntropy">Of the end token's attention row, in nats.</param>
/// <param name="FirstTokenShare">The share of that attention on the first token, 0 to 1.</param>
public sealed record PassTrace(float Cosine, float RelativeChange, float SecondChange, float AttentionEntropy, float FirstTokenShare)
{
    /// <param name="state">This pass's embedding before normalisation. (width)</param>
    /// <param name="before">Those of the passes before, pass 1 first. (passes, width)</param>
    /// <param name="attention">The end token's attention row, summing to 1. (positions)</param>
    internal static PassTrace Of(ReadOnlySpan<float> state, IReadOnlyList<float[]> before, ReadOnlySpan<float> attention)
    {
        var entropy = Entropy(attention);
        if (before.Count == 0) return new PassTrace(1, 0, 0, entropy, attention[0]);

        var previous = before[^1];
        var norm = TensorPrimitives.Norm<float>(previous);
        var cosine = Math.Clamp(TensorPrimitives.CosineSimilarity(state, previous), -1, 1);     // rounding may step over the end
        var change = TensorPrimitives.Distance(state, previous) / norm;
        var secondChange = before.Count == 1 ? 0 : SecondDifference(state, previous, before[^2]) / norm;
        return new PassTrace(cosine, change, secondChange, entropy, attention[0]);
    }

    /// <summary>|(c - b) - (b - a)|</summary>
    private static float SecondDifference(ReadOnlySpan<float> c, ReadOnlySpan<float> b, ReadOnlySpan<float> a)
    {
        var sum = 0.0;
        for (var i = 0; i < c.Length; i++)
        {
            double difference = c[i] - 2 * b[i] + a[i];
            sum += difference * difference;
        }

        return (float)Math.Sqrt(sum);
    }

    private static float Entropy(ReadOnlySpan<float> distribution)
    {
        var sum = 0.0;
        foreach (var share in distribution)
        {
            if (share > 0) sum -= share * Math.Log(share);   // the limit of p ln p at 0 is 0
        }

        return (float)sum;
    }
}
