using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Orleans.Tests.Synthetic;

/// <summary>
/// A decoder that waits a fixed time for each token and burns no processor, as one on a GPU looks to the machine that feeds it. A text's
/// state follows from its ids, so that equal texts have equal vectors in every process.
/// </summary>
/// <param name="perToken">Time on the device for one token of a batch.</param>
/// <param name="failure">Asked before each batch: what it fails with; null where it does not.</param>
internal sealed class WaitingDecoder(int vocabulary, TimeSpan perToken, Func<Exception?> failure) : IDecoder
{
    public const int Hidden = 64;

    public ModelConfig Config { get; } = new()
    {
        Family = ModelFamily.Llama, Layers = 1, Hidden = Hidden, FeedForward = Hidden, Heads = 1, KeyValueHeads = 1, HeadDim = Hidden,
        Vocabulary = vocabulary, Window = 4096, RopeTheta = 1e4f, NormEpsilon = 1e-5f, EosId = 0,
    };

    public IDecoderState Prefill(
        PackedBatch batch, Capture capture, MemorySource memory = default, IPromptPrefix? prefix = null, CancellationToken cancellation = default)
    {
        if (failure() is { } exception) throw exception;
        if (cancellation.WaitHandle.WaitOne(perToken * batch.Tokens)) cancellation.ThrowIfCancellationRequested();
        return new State(batch);
    }

    public IPromptPrefix Prefix(ReadOnlySpan<int> ids, CancellationToken cancellation = default) => throw new NotSupportedException();

    public void Embedding(int id, Span<float> destination) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class State(PackedBatch batch) : IDecoderState
    {
        public int Rows => batch.Rows;

        public int Tokens(int row) => batch.Length(row);

        public ReadOnlySpan<float> EndState(int row)
        {
            var seed = 17;
            for (var i = batch.Starts[row]; i < batch.Starts[row + 1]; i++) seed = unchecked((seed * 31) + batch.Ids[i]);
            var random = new Random(seed);
            var state = new float[Hidden];
            for (var i = 0; i < Hidden; i++) state[i] = random.NextSingle() - 0.5f;
            return state;
        }

        public ReadOnlySpan<float> AttentionRow(int row) => throw new NotSupportedException();
        public void Memory(ReadOnlySpan<int> rows, Span<float> memory) => throw new NotSupportedException();
        public void Refine(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, CancellationToken cancellation = default) => throw new NotSupportedException();
        public ReadOnlySpan<float> TokenState(int row, int position) => throw new NotSupportedException();
        public ReadOnlySpan<float> MeanState(int row) => throw new NotSupportedException();
        public ReadOnlySpan<float> MeanValue(int row, int layer) => throw new NotSupportedException();
        public ReadOnlySpan<float> AttentionOutput(int row, int layer) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
