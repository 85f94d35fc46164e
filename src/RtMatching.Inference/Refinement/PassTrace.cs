namespace RtMatching.Inference.Refinement;

/// <summary>What one pass of Refined Thought did to one text.</summary>
/// <param name="Cosine">Between this pass's embedding and the one before; 1 for pass 1.</param>
/// <param name="RelativeChange">|e_k - e_(k-1)| / |e_(k-1)| of the states before normalisation; 0 for pass 1.</param>
/// <param name="AttentionEntropy">Of the end token's attention row, in nats.</param>
/// <param name="FirstTokenShare">The share of that attention on the first token, 0 to 1.</param>
public sealed record PassTrace(float Cosine, float RelativeChange, float AttentionEntropy, float FirstTokenShare);
