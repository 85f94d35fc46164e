using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>Texts of similar length that go on from a prefix, each from where it departs from it. Nothing of them is kept.</summary>
internal sealed class PrefixedGroup : IAttentionGroup
{
    private readonly TorchDecoder _decoder;
    private readonly TorchPrefix _prefix;
    private readonly int _texts;
    private readonly Padding _padding; // of the new tokens
    private readonly int _spared; // at most
    private readonly int _positions;
    private readonly Tensor _places; // (tokens * kvHeads): where keys and values go, in (texts, kvHeads, positions)
    private readonly Tensor _seen; // (texts, longest): the last position that each padded token sees
    private readonly Tensor _last; // (texts, 1)

    /// <param name="spared">Tokens of each text that are the prefix's.</param>
    /// <param name="counts">Tokens after them.</param>
    /// <param name="firstToken">Of the forward's.</param>
    public PrefixedGroup(TorchDecoder decoder, TorchPrefix prefix, int[] spared, int[] counts, int firstToken)
    {
        (_decoder, _prefix, _texts, _spared, FirstToken) = (decoder, prefix, counts.Length, spared.Max(), firstToken);
        _padding = new Padding(decoder, counts);
        _positions = spared.Zip(counts, (start, count) => start + count).Max();
        EndTokens = PrefillGroup.Ends(counts, firstToken);
        var (kvHeads, token) = (decoder.Config.KeyValueHeads, 0);
        var places = new long[Tokens * kvHeads];
        var seen = new long[_texts * _padding.Longest];
        for (var text = 0; text < _texts; text++)
        {
            for (var i = 0; i < counts[text]; i++, token++)
            {
                for (var head = 0; head < kvHeads; head++)
                    places[token * kvHeads + head] = (long)(text * kvHeads + head) * _positions + spared[text] + i;
                seen[text * _padding.Longest + i] = spared[text] + i;
            }
        }

        (_places, _seen) = (decoder.Upload(places), decoder.Upload(seen).view(_texts, _padding.Longest));
        _last = decoder.Upload([.. spared.Zip(counts, (start, count) => start + count - 1L)]).unsqueeze(1);
    }

    public int FirstToken { get; }
    public int Tokens => _padding.Tokens;
    public IReadOnlyList<long> EndTokens { get; }

    public (Tensor Keys, Tensor Values) Place(int layer, Tensor keys, Tensor values)
    {
        var (before, valuesBefore) = _prefix.Cache(layer);
        return (Joined(before, keys), Joined(valuesBefore, values));
    }

    public Tensor Attend(Tensor queries, Tensor keys, Tensor values)
    {
        var padded = _padding.Pad(queries).transpose(1, 2);
        var mask = FewQueries.Visible(_seen, _positions).unsqueeze(1);
        var context = torch.nn.functional.scaled_dot_product_attention(padded, _decoder.Expand(keys), _decoder.Expand(values), mask);
        return _padding.Unpad(context.transpose(1, 2).flatten(2));
    }

    public Tensor AttendEnds(Tensor queries, Tensor keys, Tensor values) =>
        FewQueries.Attend(queries.unsqueeze(1), keys, values, _decoder.Mask(_last, keys));

    public void KeepEndAttention(Tensor queries, Tensor keys) =>
        throw new NotSupportedException("Nothing is captured where a prefix spares tokens.");

    /// <param name="before">(kvHeads, prefix, headDim)</param>
    /// <param name="rows">(tokens, kvHeads, headDim)</param>
    private Tensor Joined(Tensor before, Tensor rows)
    {
        var (kvHeads, headDim) = (before.shape[0], before.shape[2]);
        var joined = torch.zeros([_texts, kvHeads, _positions, headDim], rows.dtype, rows.device);
        joined.narrow(2, 0, _spared).copy_(before.narrow(1, 0, _spared));
        joined.view(-1, headDim).index_copy_(0, _places, rows.reshape(-1, headDim));
        return joined;
    }
}
