using RtMatching.Inference.Model;

namespace RtMatching.Inference.Refinement;

/// <summary>One of those who read a forward's passes: which of them, until when, and what of them.</summary>
/// <param name="Passes">In all, at most; 1 is the plain model.</param>
/// <param name="Width">Of what <paramref name="ReadOut"/> writes.</param>
/// <param name="Stop">Ends single texts earlier; null reads all of them to <paramref name="Passes"/>.</param>
public sealed record PassReading(int Passes, int Width, ReadOut ReadOut, StopRule? Stop = null)
{
    /// <summary>Keep the attention row of every pass, for traces; needs more than one pass.</summary>
    public bool KeepsAttention { get; init; }

    internal RefinedPass Observe(IDecoderState state, int row, IReadOnlyList<RefinedPass> before)
    {
        var vector = new float[Width];
        ReadOut(state, row, vector);
        var trace = Passes == 1 ? null : PassTrace.Of(vector, [.. before.Select(pass => pass.State)], state.AttentionRow(row));
        return new RefinedPass(before.Count + 1, vector, trace, KeepsAttention && Passes > 1 ? state.AttentionRow(row).ToArray() : null);
    }

    /// <summary>Whether a text needs no further pass.</summary>
    /// <param name="passes">Of the text, so far.</param>
    internal bool Ends(int tokens, IReadOnlyList<RefinedPass> passes) =>
        passes.Count == Passes || (Stop is not null && Stop.Stops(tokens, [.. passes.Select(pass => pass.Trace!)]));
}
