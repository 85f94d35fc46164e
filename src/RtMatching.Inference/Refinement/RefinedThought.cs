using RtMatching.Inference.Model;

namespace RtMatching.Inference.Refinement;

/// <summary>Copies what is pooled of a row's latest pass into <paramref name="vector"/>. (width)</summary>
public delegate void ReadOut(IDecoderState state, int row, Span<float> vector);

/// <summary>
/// Refined Thought: pass t + 1 sees the text, then m = sum_j a_j H_j of pass t as one more input embedding, then the end token
/// again. The text comes before m and the model is causal, so the text's keys, values and states are those of pass 1:
/// every further pass is two tokens against that cache, for the whole batch at once.
/// </summary>
/// <param name="passes">Passes in all, at most; 1 is the plain model.</param>
/// <param name="stop">Ends single texts earlier; null runs all of them to <paramref name="passes"/>.</param>
public sealed class RefinedThought(int passes, StopRule? stop = null)
{
    private readonly int _passes = passes >= 1
        ? passes
        : throw new ArgumentOutOfRangeException(nameof(passes), passes, "Refined Thought needs at least one pass.");

    /// <summary>What a prefill must keep for this many passes, besides what the read-out asks for.</summary>
    public Capture Capture => _passes > 1 ? Capture.Refinement : Capture.None;

    /// <summary>Runs passes 2..k over a batch whose pass 1 is done and gives every text's passes, in order of k.</summary>
    /// <param name="state">Fresh from a prefill with <see cref="Capture"/>.</param>
    /// <param name="width">Of what <paramref name="readOut"/> writes.</param>
    public IReadOnlyList<RefinedPass>[] Run(IDecoderState state, int width, ReadOut readOut, CancellationToken cancellation = default)
    {
        var texts = new List<RefinedPass>[state.Rows];
        for (var row = 0; row < texts.Length; row++) texts[row] = new List<RefinedPass>(Math.Min(_passes, 16));

        var refining = Enumerable.Range(0, state.Rows).ToArray();
        for (var k = 1; ; k++)
        {
            foreach (var row in refining) texts[row].Add(Observe(state, row, k, width, readOut, texts[row]));
            if (k == _passes) return texts;

            refining = [.. refining.Where(row => !Stops(state.Tokens(row), texts[row]))];
            if (refining.Length == 0) return texts;
            NextPass(state, refining, cancellation);
        }
    }

    private bool Stops(int tokens, List<RefinedPass> passes) => stop is not null && stop.Stops(tokens, [.. passes.Select(pass => pass.Trace!)]);

    private static void NextPass(IDecoderState state, int[] rows, CancellationToken cancellation)
    {
        var memory = new float[rows.Length * state.EndState(rows[0]).Length];   // (rows, hidden)
        state.Memory(rows, memory);
        state.Refine(rows, memory, cancellation);
    }

    private RefinedPass Observe(IDecoderState state, int row, int k, int width, ReadOut readOut, List<RefinedPass> before)
    {
        var vector = new float[width];
        readOut(state, row, vector);
        if (_passes == 1) return new RefinedPass(k, vector, null);

        return new RefinedPass(k, vector, PassTrace.Of(vector, [.. before.Select(pass => pass.State)], state.AttentionRow(row)));
    }
}
