using RtMatching.Inference.Model;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>Keys and values of every layer for tokens that many texts begin with, on the device.</summary>
internal sealed class TorchPrefix : IPromptPrefix, IAttentionGroup
{
    private readonly int[] _ids;
    private readonly KeptTensors _kept = new();
    private readonly (Tensor Keys, Tensor Values)[] _caches; // (kvHeads, ids, headDim)
    private bool _disposed;

    /// <summary>Runs the tokens.</summary>
    public TorchPrefix(TorchDecoder decoder, int[] ids, CancellationToken cancellation)
    {
        (Decoder, _ids, _caches) = (decoder, ids, new (Tensor, Tensor)[decoder.Config.Layers]);
        if (ids.Length == 0) return;
        try
        {
            decoder.Forward(new TorchPass { Groups = [this], Positions = [.. Enumerable.Range(0, ids.Length)], EndsOnly = true }, decoder.Embed(ids), cancellation);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public TorchDecoder Decoder { get; }
    public ReadOnlySpan<int> Ids => _ids;
    public int FirstToken => 0;
    public int Tokens => _ids.Length;
    public IReadOnlyList<long> EndTokens => [_ids.Length - 1];

    /// <summary>(kvHeads, ids, headDim), twice</summary>
    public (Tensor Keys, Tensor Values) Cache(int layer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _caches[layer];
    }

    public (Tensor Keys, Tensor Values) Place(int layer, Tensor keys, Tensor values)
    {
        var placed = _caches[layer] = (_kept.Keep(keys.transpose(0, 1).contiguous()), _kept.Keep(values.transpose(0, 1).contiguous()));
        return (placed.Keys.unsqueeze(0), placed.Values.unsqueeze(0));
    }

    public Tensor Attend(Tensor queries, Tensor keys, Tensor values) =>
        Decoder.CausalAttention(queries.unsqueeze(0).transpose(1, 2), keys, values).transpose(1, 2).flatten(2).squeeze(0);

    public Tensor AttendEnds(Tensor queries, Tensor keys, Tensor values) =>
        FewQueries.Attend(queries.unsqueeze(1), keys, values, Decoder.Mask(Decoder.Upload([_ids.Length - 1]).unsqueeze(1), keys));

    public void KeepEndAttention(Tensor queries, Tensor keys) =>
        throw new NotSupportedException("A prefix has no end token.");

    public void Dispose()
    {
        _disposed = true;
        _kept.Dispose();
    }
}
