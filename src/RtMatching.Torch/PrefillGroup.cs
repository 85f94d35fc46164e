using RtMatching.Inference.Model;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>
/// Whole texts of similar length. Only for their attention they are padded, at the end and to the longest of them: it is causal, so that no
/// token sees what comes after it. Where refinement follows, keys, values and states stay here.
/// </summary>
internal sealed class PrefillGroup : IAttentionGroup, IDisposable
{
    private const int Step = 8;

    private readonly TorchDecoder _decoder;
    private readonly MemorySource _source;
    private readonly KeptTensors _kept = new();
    private readonly (Tensor Keys, Tensor Values)[] _caches; // by layer, where refinement follows: (texts, kvHeads, room, headDim)

    // Of the pass that it is made in, and freed with it.
    private readonly Padding _padding;
    private readonly Tensor _last; // (texts, 1): the end tokens' positions

    /// <param name="texts">Rows of the batch.</param>
    /// <param name="lengths">Their tokens.</param>
    /// <param name="firstToken">Of the forward's.</param>
    /// <param name="refining">Passes follow.</param>
    public PrefillGroup(TorchDecoder decoder, int[] texts, int[] lengths, int firstToken, bool refining, MemorySource source)
    {
        (_decoder, Texts, Lengths, FirstToken, _source) = (decoder, texts, lengths, firstToken, source);
        _padding = new Padding(decoder, lengths);
        _caches = refining ? new (Tensor, Tensor)[decoder.Config.Layers] : [];
        EndTokens = Ends(lengths, firstToken);
        _last = decoder.Upload([.. lengths.Select(length => length - 1L)]).unsqueeze(1);
    }

    public int[] Texts { get; }
    public int[] Lengths { get; }
    public int Longest => _padding.Longest;
    public int FirstToken { get; }
    public int Tokens => _padding.Tokens;
    public IReadOnlyList<long> EndTokens { get; }

    /// <summary>Positions of a cache: one more than the longest text has, for the end token that moves there, in whole steps that kernels like.</summary>
    public int Room => (Longest + Step) / Step * Step;

    /// <summary>Where refinement follows: what the memory is summed from. (texts, longest, hidden)</summary>
    public Tensor? States { get; private set; }

    /// <summary>Where refinement follows: the end tokens' attention rows of the latest pass, in float32. (texts, room)</summary>
    public Tensor? EndAttention { get; private set; }

    public (Tensor Keys, Tensor Values) Cache(int layer) => _caches[layer];

    public (Tensor Keys, Tensor Values) Place(int layer, Tensor keys, Tensor values)
    {
        var placed = (Keys: _padding.Pad(keys).transpose(1, 2), Values: _padding.Pad(values).transpose(1, 2));
        if (_caches.Length > 0) _caches[layer] = (WithRoom(placed.Keys), WithRoom(placed.Values));
        return placed;
    }

    public Tensor Attend(Tensor queries, Tensor keys, Tensor values) =>
        _padding.Unpad(_decoder.CausalAttention(_padding.Pad(queries).transpose(1, 2), keys, values).transpose(1, 2).flatten(2));

    public Tensor AttendEnds(Tensor queries, Tensor keys, Tensor values) =>
        FewQueries.Attend(queries.unsqueeze(1), keys, values, _decoder.Mask(_last, keys));

    public void KeepEndAttention(Tensor queries, Tensor keys)
    {
        var weights = FewQueries.Weights(queries, keys, _last, _source.Head);
        EndAttention = _kept.Keep(torch.nn.functional.pad(weights, [0L, Room - Longest]));
    }

    /// <param name="states">(tokens, hidden)</param>
    public void KeepStates(Tensor states) => States = _kept.Keep(_padding.Pad(states));

    /// <summary>Mean over each text's tokens, in float32.</summary>
    /// <param name="rows">(tokens, width)</param>
    /// <returns>(texts, width)</returns>
    public Tensor Mean(Tensor rows)
    {
        var ones = FewQueries.Visible(_last, Longest).to(rows.dtype); // (texts, 1, longest)
        return ones.bmm(_padding.Pad(rows)).squeeze(1).to(torch.ScalarType.Float32).div_(_last.add(TorchScalars.One, TorchScalars.One));
    }

    public void Dispose() => _kept.Dispose();

    /// <summary>Where the end tokens of texts end to end stand, of which the first begins at <paramref name="first"/>.</summary>
    public static long[] Ends(int[] lengths, int first)
    {
        var ends = new long[lengths.Length];
        long end = first - 1;
        for (var text = 0; text < lengths.Length; text++) ends[text] = end += lengths[text];
        return ends;
    }

    /// <summary>The rest is zero, because what is not seen is still multiplied, by zero.</summary>
    private Tensor WithRoom(Tensor rows)
    {
        var room = _kept.Keep(torch.zeros([rows.shape[0], rows.shape[1], Room, rows.shape[3]], rows.dtype, rows.device));
        room.narrow(2, 0, Longest).copy_(rows);
        return room;
    }
}
