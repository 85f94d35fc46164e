using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>One text after each of k passes.</summary>
/// <param name="Tokens">Of pass 1.</param>
/// <param name="Vectors">L2-normalised, pass 1 first; one alone where the text stands on the side that takes no further passes. (passes, dimension)</param>
/// <param name="Traces">(passes); empty where the pooling takes no passes.</param>
public sealed record SweptText(int Tokens, bool Truncated, IReadOnlyList<float[]> Vectors, IReadOnlyList<PassTrace> Traces);

/// <summary>
/// All passes of all texts of a task under one configuration: everything that choosing k, a stop rule or a side needs, from one run.
/// </summary>
/// <param name="Configuration">For example <c>prompt-eol</c>.</param>
/// <param name="Texts">As in <see cref="LabelledTask.Texts"/>.</param>
/// <param name="Elapsed">Of the model's work; zero where everything came from the cache.</param>
/// <param name="ComputedTokens">Tokens that the model ran in that time, pass 1.</param>
public sealed record Sweep(string Configuration, IReadOnlyList<SweptText> Texts, TimeSpan Elapsed, long ComputedTokens)
{
    /// <summary>The passes of the texts that are refined.</summary>
    public int Passes => Texts.Count == 0 ? 0 : Texts.Max(text => text.Vectors.Count);

    /// <summary>The vectors after pass <paramref name="k"/>, those of the side that is not refined after pass 1. (texts, dimension)</summary>
    public IReadOnlyList<float[]> At(int k) => [.. Texts.Select(text => text.Vectors[Math.Min(k, text.Vectors.Count) - 1])];

    /// <summary>Every text's vector after passes of its own. (texts, dimension)</summary>
    /// <param name="passes">(texts)</param>
    public IReadOnlyList<float[]> At(IReadOnlyList<int> passes) => [.. Texts.Select((text, i) => text.Vectors[passes[i] - 1])];

    /// <summary>How many passes each text takes under a rule, found in the traces: nothing is run again. (texts)</summary>
    public int[] PassesUnder(StopRule rule) => [.. Texts.Select(text => PassesUnder(rule, text, text.Vectors.Count))];

    internal static int PassesUnder(StopRule rule, SweptText text, int most)
    {
        for (var k = 1; k < most; k++)
            if (rule.Stops(text.Tokens, [.. text.Traces.Take(k)])) return k;
        return most;
    }
}
