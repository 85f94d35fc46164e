using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Pooling;

/// <summary>A text's vector, or one for each pass.</summary>
/// <param name="Tokens">Tokens of pass 1, template and end token included.</param>
/// <param name="Truncated">The text was longer than the window or <see cref="EmbeddingOptions.MaxTokens"/> and was cut.</param>
/// <param name="Passes">The embeddings kept, in order of k: all of them or only the last.</param>
public sealed record TextEmbedding(int Tokens, bool Truncated, IReadOnlyList<PassEmbedding> Passes)
{
    /// <summary>The last pass's vector, L2-normalised. (dimension)</summary>
    public float[] Vector => Passes[^1].Vector;
}

/// <param name="K">Which pass, from 1.</param>
/// <param name="Vector">L2-normalised. (dimension)</param>
/// <param name="Trace">How the pass moved the embedding; null with a single pass, which keeps no attention row.</param>
/// <param name="Attention">The end token's attention row in this pass; null without <see cref="EmbeddingOptions.KeepAttention"/>. (positions)</param>
public sealed record PassEmbedding(int K, float[] Vector, PassTrace? Trace, float[]? Attention = null);
