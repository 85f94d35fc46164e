using System.Numerics;

namespace RtMatching.Inference.Tokenizer;

/// <summary>The merges, by the pair of ids that they join: an open-addressed table of packed numbers, read-only once filled.</summary>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue; // No pair: ids are not negative.

    private readonly ulong[] _pairs;
    private readonly (int Rank, int Id)[] _merges;
    private readonly int _shift;

    public MergeTable(int capacity)
    {
        // At most half full, so that a miss, the commonest case, ends after a probe or two.
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 1) * 2);
        _pairs = new ulong[size];
        _pairs.AsSpan().Fill(Empty);
        _merges = new (int, int)[size];
        _shift = 64 - BitOperations.Log2(size);
    }

    /// <summary>Adds a merge; a pair that is there already takes the new rank, as in the reference tokenizer.</summary>
    public void Add(int left, int right, int rank, int id)
    {
        var slot = Slot(Pack(left, right));
        _pairs[slot] = Pack(left, right);
        _merges[slot] = (rank, id);
    }

    /// <summary>The rank of the merge of two ids (lower goes first) and what it gives; false where they do not merge.</summary>
    public bool TryGet(int left, int right, out int rank, out int id)
    {
        var slot = Slot(Pack(left, right));
        (rank, id) = _merges[slot];
        return _pairs[slot] != Empty;
    }

    private int Slot(ulong pair)
    {
        var slot = (int)(pair * 0x9E3779B97F4A7C15 >> _shift);
        while (_pairs[slot] != pair && _pairs[slot] != Empty)
            slot = (slot + 1) & (_pairs.Length - 1);
        return slot;
    }

    private static ulong Pack(int left, int right) => (ulong)(uint)left << 32 | (uint)right;
}
