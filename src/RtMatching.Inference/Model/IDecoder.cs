using RtMatching.Inference.Batching;

namespace RtMatching.Inference.Model;

/// <summary>What a prefill keeps besides the end states, because a pooling or a trace asks for it.</summary>
[Flags]
public enum Capture
{
    None = 0,

    /// <summary>Keys, values and final states of the text, so that <see cref="IDecoderState.Refine"/> can follow.</summary>
    Refinement = 1,

    /// <summary>Mean over the text's tokens of the final-norm states.</summary>
    MeanStates = 2,

    /// <summary>Per layer, the mean over the text's tokens of the value vectors (KV heads concatenated).</summary>
    Values = 4,

    /// <summary>Per layer, the attention output after W_O at the last token of the latest pass.</summary>
    AttentionOutputs = 8,
}

/// <summary>
/// A decoder-only transformer, as arithmetic alone: the Refined Thought loop, stop rules and poolings are
/// written once above it. Implementations: <see cref="Decoder"/> (managed, CPU).
/// </summary>
public interface IDecoder : IDisposable
{
    ModelConfig Config { get; }

    /// <summary>Pass 1 over every text of the batch, each at positions 0 .. n-1, causal within itself.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary, or a text does not fit the window.</exception>
    IDecoderState Prefill(PackedBatch batch, Capture capture, CancellationToken cancellation = default);
}

/// <summary>
/// A batch after its latest pass. A row is a text. The last token of each row plays eos's part.
/// Spans stay valid until the next <see cref="Refine"/> or <see cref="IDisposable.Dispose"/>.
/// </summary>
public interface IDecoderState : IDisposable
{
    /// <summary>Texts in the batch.</summary>
    int Rows { get; }

    /// <summary>The final-norm state of a row's end token in the latest pass. (hidden)</summary>
    ReadOnlySpan<float> EndState(int row);

    /// <summary>
    /// The last layer's attention row of the end token in the latest pass, mean over the query heads; it sums to 1.
    /// (positions of that pass: the text, the memory token from pass 2 on, the end token). Needs <see cref="Capture.Refinement"/>.
    /// </summary>
    ReadOnlySpan<float> AttentionRow(int row);

    /// <summary>
    /// m = sum_j a_j H_j of the latest pass: the end token's attention row over the final-norm states of every position.
    /// Needs <see cref="Capture.Refinement"/>.
    /// </summary>
    /// <param name="rows">Which texts.</param>
    /// <param name="memory">(rows.Length, hidden)</param>
    void Memory(ReadOnlySpan<int> rows, Span<float> memory);

    /// <summary>
    /// One more pass for <paramref name="rows"/>: the text's cached prefix, then <paramref name="memory"/> as an input
    /// embedding at position n-1, then the end token at position n. The memory replaces the previous one.
    /// Needs <see cref="Capture.Refinement"/>.
    /// </summary>
    /// <param name="rows">Texts still refining, each at most once.</param>
    /// <param name="memory">(rows.Length, hidden)</param>
    void Refine(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, CancellationToken cancellation = default);

    /// <summary>Mean over all tokens of the row of the final-norm states of pass 1. (hidden). Needs <see cref="Capture.MeanStates"/>.</summary>
    ReadOnlySpan<float> MeanState(int row);

    /// <summary>Mean over all tokens of the row of a layer's value vectors in pass 1. (KV heads x head dim). Needs <see cref="Capture.Values"/>.</summary>
    ReadOnlySpan<float> MeanValue(int row, int layer);

    /// <summary>A layer's attention output after W_O at the end token of the latest pass. (hidden). Needs <see cref="Capture.AttentionOutputs"/>.</summary>
    ReadOnlySpan<float> AttentionOutput(int row, int layer);
}
