using System.Text.Json.Serialization;

namespace RtMatching.Inference.Refinement;

/// <summary>When a text needs no further pass. Serialised with its profile; texts that have stopped leave the batch.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "rule")]
[JsonDerivedType(typeof(StableChange), "change")]
public abstract record StopRule
{
    /// <summary>Judged after every pass but the last.</summary>
    /// <param name="tokens">Of pass 1.</param>
    /// <param name="traces">Of the passes so far, pass 1 first; never empty.</param>
    public abstract bool Stops(int tokens, IReadOnlyList<PassTrace> traces);
}

/// <summary>Stops once the embedding has moved by less than <paramref name="Threshold"/> of its length in one pass.</summary>
public sealed record StableChange(float Threshold) : StopRule
{
    public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) =>
        traces.Count > 1 && traces[^1].RelativeChange < Threshold;
}
