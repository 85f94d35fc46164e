namespace RtMatching.Inference.Refinement;

/// <summary>One text after one pass.</summary>
/// <param name="K">Which pass, from 1.</param>
/// <param name="State">What the read-out gave, not normalised. (width)</param>
/// <param name="Trace">How the pass moved the state; null where only one pass was asked for, which keeps no attention row.</param>
/// <param name="Attention">The end token's attention row; null where nobody asked to keep it. (positions)</param>
public sealed record RefinedPass(int K, float[] State, PassTrace? Trace, float[]? Attention = null);
