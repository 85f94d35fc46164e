using RtMatching.Inference.Kernels;

namespace RtMatching.Inference.Model;

/// <summary>Keys and values of every layer for tokens that many texts begin with. Read only once built, so calls may share it.</summary>
internal sealed unsafe class DecoderPrefix : IPromptPrefix
{
    private readonly int[] _ids;
    private readonly KeyValueCache[] _layers;

    /// <summary>Runs the tokens.</summary>
    public DecoderPrefix(Decoder decoder, int[] ids, CancellationToken cancellation)
    {
        (Decoder, _ids) = (decoder, ids);
        var config = decoder.Config;
        _layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new KeyValueCache(decoder.Kernels, config.KeyValueHeads, config.HeadDim, [ids.Length]))];
        try
        {
            if (ids.Length > 0) Run(cancellation);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Decoder Decoder { get; }
    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>Puts a layer's keys and values before those that <paramref name="runs"/> will write: a run begins where its text departs.</summary>
    public void CopyTo(int layer, TokenRun[] runs, KeyValueCache cache)
    {
        var heads = Decoder.Config.KeyValueHeads;
        Decoder.Workers.For(runs.Length * heads, (_, item) =>
        {
            var (run, head) = (runs[item / heads], item % heads);
            _layers[layer].CopyStart(0, head, run.FirstPosition, cache, run.Text);
        });
    }

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
    }

    private void Run(CancellationToken cancellation)
    {
        var buffers = Decoder.Rent();
        try
        {
            buffers.Reserve(_ids.Length);
            Decoder.EmbedTokens(_ids, buffers.Residual);
            Decoder.Forward(new DecoderPass { Runs = [new TokenRun(0, 0, 0, _ids.Length)], Caches = _layers, EndsOnly = true }, buffers, cancellation);
        }
        finally
        {
            Decoder.Return(buffers);
        }
    }
}
