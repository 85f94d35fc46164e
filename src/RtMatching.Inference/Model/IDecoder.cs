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
/// written once above it. Implementations: <see cref="Decoder"/> (managed, CPU), and
/// TorchDecoder of the optional RtMatching.Torch.
/// </summary>
public interface IDecoder : IDisposable
{
    ModelConfig Config { get; }

    /// <summary>What it computes on, as an operator names it: <c>cpu</c>, <c>cuda:0</c>. One of few, so that signals can carry it.</summary>
    string Device => "cpu";

    /// <summary>
    /// Tokens that a batch may hold in the memory of the decoder's own device, as it was last measured or found out; null where it has no device of
    /// its own and the model's size decides.
    /// </summary>
    int? BatchTokens => null;

    /// <summary>Of the decoder's own device, as it is now; null where it has none, or it does not answer.</summary>
    DeviceMemory? Memory => null;

    /// <summary>Pass 1 over every text of the batch, each at positions 0 .. n-1, causal within itself.</summary>
    /// <param name="memory">What <see cref="IDecoderState.Memory"/> will be summed from.</param>
    /// <param name="prefix">
    /// Of this decoder; a text that begins as it does is run only from where they differ, its last token always. The result is the same
    /// without it. Goes with <see cref="Capture.None"/> alone.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// An id is outside the vocabulary, a text does not fit the window, or the model has no such head.
    /// </exception>
    /// <exception cref="DeviceMemoryException">The batch is too large for the device; fewer texts at once may fit.</exception>
    IDecoderState Prefill(
        PackedBatch batch, Capture capture, MemorySource memory = default, IPromptPrefix? prefix = null, CancellationToken cancellation = default);

    /// <summary>Runs what many texts begin with once, for <see cref="Prefill"/> to go on from.</summary>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="Prefill"/>.</exception>
    IPromptPrefix Prefix(ReadOnlySpan<int> ids, CancellationToken cancellation = default);

    /// <summary>E(id): the input embedding of a token. (hidden)</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    void Embedding(int id, Span<float> destination);
}

/// <summary>What the memory token m = sum_j a_j H_j is made of; by default the mean over the heads, every position, final-norm states.</summary>
/// <param name="Head">One query head's attention row instead of the mean over all.</param>
/// <param name="TextOnly">The sum leaves out the old memory token and the end token; the shares of the others stay what they are.</param>
/// <param name="PreNorm">H before the model's final norm.</param>
public readonly record struct MemorySource(int? Head = null, bool TextOnly = false, bool PreNorm = false);

/// <summary>Keys and values of the tokens that many texts begin with.</summary>
public interface IPromptPrefix : IDisposable
{
    /// <summary>(positions)</summary>
    ReadOnlySpan<int> Ids { get; }
}

/// <summary>
/// A batch after its latest pass. A row is a text. The last token of each row plays eos's part.
/// Spans stay valid until the next <see cref="Refine"/> or <see cref="IDisposable.Dispose"/>.
/// </summary>
public interface IDecoderState : IDisposable
{
    /// <summary>Texts in the batch.</summary>
    int Rows { get; }

    /// <summary>Tokens of a row in pass 1.</summary>
    int Tokens(int row);

    /// <summary>The final-norm state of a row's end token in the latest pass. (hidden)</summary>
    ReadOnlySpan<float> EndState(int row);

    /// <summary>
    /// The last layer's attention row of the end token in the latest pass, mean over the query heads or of the <see cref="MemorySource.Head"/>
    /// asked for; it sums to 1. (positions of that pass: the text, the memory token from pass 2 on, the end token). Needs <see cref="Capture.Refinement"/>.
    /// </summary>
    ReadOnlySpan<float> AttentionRow(int row);

    /// <summary>
    /// m = sum_j a_j H_j of the latest pass: the end token's attention row over the states, as the <see cref="MemorySource"/> says.
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
    /// <exception cref="DeviceMemoryException">The device has no room for it. The whole batch must be run again, in parts.</exception>
    void Refine(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, CancellationToken cancellation = default);

    /// <summary>
    /// The state of one of the row's tokens in pass 1: before the final norm where <see cref="MemorySource.PreNorm"/> was asked for, else after
    /// it. (hidden). Needs <see cref="Capture.Refinement"/>.
    /// </summary>
    ReadOnlySpan<float> TokenState(int row, int position);

    /// <summary>Mean over all tokens of the row of the final-norm states of pass 1. (hidden). Needs <see cref="Capture.MeanStates"/>.</summary>
    ReadOnlySpan<float> MeanState(int row);

    /// <summary>Mean over all tokens of the row of a layer's value vectors in pass 1. (KV heads x head dim). Needs <see cref="Capture.Values"/>.</summary>
    ReadOnlySpan<float> MeanValue(int row, int layer);

    /// <summary>A layer's attention output after W_O at the end token of the latest pass. (hidden). Needs <see cref="Capture.AttentionOutputs"/>.</summary>
    ReadOnlySpan<float> AttentionOutput(int row, int layer);
}
