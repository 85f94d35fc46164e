using RtMatching.Inference.Kernels;

namespace RtMatching.Inference.Model;

/// <summary>
/// The activations of one pass. Kept between batches and grown to the largest, so that a long run neither leaks nor
/// faults in fresh pages for every batch.
/// </summary>
internal sealed unsafe class DecoderBuffers(ModelConfig config, SimdKernels kernels, Workers workers) : IDisposable
{
    private readonly NativeBuffer _residual = new(0);
    private readonly NativeBuffer _normed = new(0);
    private readonly NativeBuffer _queries = new(0);
    private readonly NativeBuffer _keyValues = new(0);
    private readonly NativeBuffer _context = new(0);
    private readonly NativeBuffer _gated = new(0);

    public RowPanels Panels { get; } = new(kernels, workers);
    public CausalAttention Attention { get; } = new(kernels, workers, config.Heads, config.KeyValueHeads, config.HeadDim);
    public float* Residual => _residual.Pointer; // (rows, hidden)
    public float* Normed => _normed.Pointer; // (rows, hidden)
    public float* Queries => _queries.Pointer; // (rows, heads, headDim)
    public float* KeyValues => _keyValues.Pointer; // (rows, 2, kvHeads, headDim)
    public float* Context => _context.Pointer; // (rows, heads, headDim)
    public float* Gated => _gated.Pointer; // (rows, feedForward)

    /// <summary>Makes room for so many rows. What the residual held is lost when it must grow.</summary>
    public void Reserve(int rows)
    {
        _residual.Reserve((long)rows * config.Hidden);
        _normed.Reserve((long)rows * config.Hidden);
        _queries.Reserve((long)rows * config.QueryWidth);
        _keyValues.Reserve(2L * rows * config.KeyValueWidth);
        _context.Reserve((long)rows * config.QueryWidth);
        _gated.Reserve((long)rows * config.FeedForward);
    }

    public void Dispose()
    {
        Panels.Dispose();
        Attention.Dispose();
        foreach (var buffer in new[] { _residual, _normed, _queries, _keyValues, _context, _gated }) buffer.Dispose();
    }
}
