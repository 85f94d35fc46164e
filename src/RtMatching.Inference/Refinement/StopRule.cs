using System.Text.Json.Serialization;

namespace RtMatching.Inference.Refinement;

/// <summary>When a text needs no further pass. Serialised with its profile; texts that have stopped leave the batch.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "rule")]
[JsonDerivedType(typeof(NeverStops), "none")]
[JsonDerivedType(typeof(StableChange), "change")]
[JsonDerivedType(typeof(StableSecondChange), "second_change")]
[JsonDerivedType(typeof(LearnedPasses), "learned")]
public abstract record StopRule
{
    /// <summary>Judged after every pass but the last.</summary>
    /// <param name="tokens">Of pass 1.</param>
    /// <param name="traces">Of the passes so far, pass 1 first; never empty.</param>
    public abstract bool Stops(int tokens, IReadOnlyList<PassTrace> traces);

    /// <summary>Rules come from files and requests: what they hold is checked before they judge anything.</summary>
    /// <exception cref="ArgumentException">A number that makes no rule; the message names it and the remedy.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>As a command line writes it.</summary>
    public abstract override string ToString();

    private protected static void ValidateThreshold(string rule, float threshold)
    {
        if (!float.IsFinite(threshold) || threshold <= 0)
            throw new ArgumentException($"Stop rule '{rule}' has threshold {threshold}, but it must be a number above 0; the usual start is 0.03.");
    }
}

/// <summary>Says outright that every text takes all passes, where leaving a rule out would mean the one there was.</summary>
public sealed record NeverStops : StopRule
{
    public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) => false;

    public override string ToString() => "none";
}

/// <summary>Stops once the embedding has moved by less than <paramref name="Threshold"/> of its length in one pass.</summary>
public sealed record StableChange(float Threshold) : StopRule
{
    public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) =>
        traces.Count > 1 && traces[^1].RelativeChange < Threshold;

    public override void Validate() => ValidateThreshold("change", Threshold);

    public override string ToString() => $"change:{Threshold}";
}

/// <summary>
/// Stops once the embedding's step differs from the step before by less than <paramref name="Threshold"/> of its length: after pass 3 at the
/// earliest, the first that has two steps behind it.
/// </summary>
public sealed record StableSecondChange(float Threshold) : StopRule
{
    public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) =>
        traces.Count > 2 && traces[^1].SecondChange < Threshold;

    public override void Validate() => ValidateThreshold("second_change", Threshold);

    public override string ToString() => $"second-change:{Threshold}";
}
