using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>
/// Two tokens of each text that is refined once more, memory and end, against what the prefill kept. They take positions n-1 and n of the
/// cache; what stood there was pass 1's end token, or an earlier pass's two, which no later pass sees.
/// </summary>
internal sealed class RefinementGroup : IAttentionGroup
{
    private readonly TorchDecoder _decoder;
    private readonly PrefillGroup _texts;
    private readonly int? _head;
    private readonly Tensor? _members; // (members), of the group's texts; null where it is all of them
    private readonly Tensor _places; // (2 * members * kvHeads): where keys and values go, in (texts, kvHeads, room)
    private readonly Tensor _last; // (members, 1): the last position that the end token sees, its own
    private readonly Tensor _mask; // of both tokens, the same in every layer

    /// <param name="members">Which of the texts, in their order.</param>
    /// <param name="firstToken">Of the forward's.</param>
    /// <param name="head">Whose attention rows are kept; null: their mean.</param>
    public RefinementGroup(TorchDecoder decoder, PrefillGroup texts, int[] members, int firstToken, int? head)
    {
        (_decoder, _texts, Members, FirstToken, _head) = (decoder, texts, members, firstToken, head);
        EndTokens = [.. members.Select((_, i) => firstToken + 2L * i + 1)];
        if (members.Length < texts.Texts.Length) _members = decoder.Upload([.. members.Select(member => (long)member)]);
        _places = decoder.Upload(Places(members, texts, decoder.Config.KeyValueHeads));
        var seen = decoder.Upload([.. members.SelectMany(member => (long[])[texts.Lengths[member] - 1, texts.Lengths[member]])]).view(-1, 2);
        (_last, _mask) = (seen.narrow(1, 1, 1), decoder.Mask(seen, texts.Cache(0).Keys));
    }

    public int[] Members { get; }
    public PrefillGroup Texts => _texts;
    public int FirstToken { get; }
    public int Tokens => 2 * Members.Length;
    public IReadOnlyList<long> EndTokens { get; }

    /// <summary>(members, room), in float32</summary>
    public Tensor? EndAttention { get; private set; }

    public (Tensor Keys, Tensor Values) Place(int layer, Tensor keys, Tensor values)
    {
        var (keyCache, valueCache) = _texts.Cache(layer);
        return (Placed(keyCache, keys), Placed(valueCache, values));
    }

    public Tensor Attend(Tensor queries, Tensor keys, Tensor values) =>
        FewQueries.Attend(queries.unflatten(0, Members.Length, 2), keys, values, _mask);

    public Tensor AttendEnds(Tensor queries, Tensor keys, Tensor values) =>
        FewQueries.Attend(queries.unsqueeze(1), keys, values, _decoder.Mask(_last, keys));

    public void KeepEndAttention(Tensor queries, Tensor keys) =>
        EndAttention = FewQueries.Weights(queries, keys, _last, _head).MoveToOuterDisposeScope();

    private Tensor Placed(Tensor cache, Tensor rows)
    {
        var headDim = cache.shape[3];
        cache.view(-1, headDim).index_copy_(0, _places, rows.reshape(-1, headDim));
        return _members is null ? cache : cache.index_select(0, _members);
    }

    private static long[] Places(int[] members, PrefillGroup texts, int kvHeads)
    {
        var places = new long[2 * members.Length * kvHeads];
        for (var i = 0; i < places.Length; i++)
        {
            var (token, head) = Math.DivRem(i, kvHeads);
            var member = members[token / 2];
            places[i] = (long)(member * kvHeads + head) * texts.Room + texts.Lengths[member] - 1 + token % 2;
        }

        return places;
    }
}
