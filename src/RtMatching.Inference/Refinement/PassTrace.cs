using System.Numerics.Tensors;

namespace RtMatching.Inference.Refinement;

/// <summary>What one pass of Refined Thought did to one text.</summary>
/// <param name="Cosine">Between this pass's embedding and the one before; 1 for pass 1.</param>
/// <param name="RelativeChange">|e_k - e_(k-1)| / |e_(k-1)| of the states before normalisation; 0 for pass 1.</param>
/// <param name="AttentionEntropy">Of the end token's attention row, in nats.</param>
/// <param name="FirstTokenShare">The share of that attention on the first token, 0 to 1.</param>
public sealed record PassTrace(float Cosine, float RelativeChange, float AttentionEntropy, float FirstTokenShare)
{
    /// <param name="state">This pass's embedding before normalisation. (width)</param>
    /// <param name="previous">The pass before's; null for pass 1. (width)</param>
    /// <param name="attention">The end token's attention row, summing to 1. (positions)</param>
    internal static PassTrace Of(ReadOnlySpan<float> state, float[]? previous, ReadOnlySpan<float> attention)
    {
        var entropy = Entropy(attention);
        if (previous is null) return new PassTrace(1, 0, entropy, attention[0]);

        var cosine = TensorPrimitives.CosineSimilarity(state, previous);
        var change = TensorPrimitives.Distance(state, previous) / TensorPrimitives.Norm<float>(previous);
        return new PassTrace(cosine, change, entropy, attention[0]);
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
