using RtMatching.Inference.Model;

namespace RtMatching.Inference.Refinement;

/// <summary>Copies what is pooled of a row's latest pass into <paramref name="vector"/>. (width)</summary>
public delegate void ReadOut(IDecoderState state, int row, Span<float> vector);

/// <summary>
/// Refined Thought: pass t + 1 sees the text, then m = sum_j a_j H_j of pass t as one more input embedding, then the end token
/// again. The text comes before m and the model is causal, so the text's keys, values and states are those of pass 1:
/// every further pass is two tokens against that cache, for the whole batch at once.
/// </summary>
/// <remarks>What is read of a pass does not change the next one, so several readings share the passes, each with its own end and trace.</remarks>
public sealed class RefinedThought
{
    private readonly IReadOnlyList<PassReading> _readings;

    /// <exception cref="ArgumentOutOfRangeException">A reading of no pass at all.</exception>
    public RefinedThought(params IReadOnlyList<PassReading> readings)
    {
        foreach (var reading in readings)
        {
            if (reading.Passes < 1)
                throw new ArgumentOutOfRangeException(nameof(readings), reading.Passes, "Refined Thought needs at least one pass.");
        }

        _readings = readings;
    }

    /// <summary>What is done to a memory before it goes in; null for nothing.</summary>
    public MemoryScaling? Scaling { get; init; }

    /// <summary>What a prefill must keep for so many passes, besides what the read-outs ask for.</summary>
    public Capture Capture => _readings.Any(reading => reading.Passes > 1) ? Capture.Refinement : Capture.None;

    /// <summary>Runs passes 2..k over a batch whose pass 1 is done. A text leaves the batch when no reading wants another pass of it.</summary>
    /// <param name="state">Fresh from a prefill with <see cref="Capture"/>.</param>
    /// <returns>Every text's passes by reading, in order of k. (readings, rows)</returns>
    public IReadOnlyList<RefinedPass>[][] Run(IDecoderState state, CancellationToken cancellation = default)
    {
        var texts = _readings.Select(_ => Enumerable.Range(0, state.Rows).Select(_ => new List<RefinedPass>()).ToArray()).ToArray();
        var open = _readings.Select(_ => Enumerable.Repeat(true, state.Rows).ToArray()).ToArray();
        var refining = Enumerable.Range(0, state.Rows).ToArray();
        while (true)
        {
            foreach (var row in refining) Read(state, row, texts, open);
            refining = [.. refining.Where(row => open.Any(reading => reading[row]))];
            if (refining.Length == 0) return texts;
            NextPass(state, refining, cancellation);
        }
    }

    private void Read(IDecoderState state, int row, List<RefinedPass>[][] texts, bool[][] open)
    {
        for (var reading = 0; reading < _readings.Count; reading++)
        {
            if (!open[reading][row]) continue;
            var passes = texts[reading][row];
            passes.Add(_readings[reading].Observe(state, row, passes));
            open[reading][row] = !_readings[reading].Ends(state.Tokens(row), passes);
        }
    }

    private void NextPass(IDecoderState state, int[] rows, CancellationToken cancellation)
    {
        var memory = new float[rows.Length * state.EndState(rows[0]).Length];   // (rows, hidden)
        state.Memory(rows, memory);
        Scaling?.Invoke(memory);
        state.Refine(rows, memory, cancellation);
    }
}
