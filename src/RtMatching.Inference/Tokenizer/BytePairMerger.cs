using System.Runtime.InteropServices;

namespace RtMatching.Inference.Tokenizer;

/// <summary>Byte-pair encoding of one word (Sennrich et al. 2016): the pair of lowest rank, leftmost first, until none merges.</summary>
internal sealed class BytePairMerger(MergeTable merges)
{
    /// <summary>Up to here looking at every pair each time is faster than keeping a queue.</summary>
    private const int LongestScanned = 48;

    private const int NoMerge = int.MaxValue;

    /// <summary>Merges the ids of a word's bytes in place.</summary>
    /// <returns>How many are left; they are the first of <paramref name="ids"/>.</returns>
    public int Merge(Span<int> ids) => ids.Length <= LongestScanned ? MergeShort(ids) : MergeLong(ids);

    private int MergeShort(Span<int> ids)
    {
        Span<int> ranks = stackalloc int[LongestScanned];
        for (var i = 0; i + 1 < ids.Length; i++)
            ranks[i] = Rank(ids[i], ids[i + 1]);
        var count = ids.Length;
        while (count > 1)
        {
            var best = LowestRank(ranks[..(count - 1)]);
            if (ranks[best] == NoMerge)
                break;
            merges.TryGet(ids[best], ids[best + 1], out _, out ids[best]);
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            count--;
            if (best > 0)
                ranks[best - 1] = Rank(ids[best - 1], ids[best]);
            if (best + 1 < count)
                ranks[best] = Rank(ids[best], ids[best + 1]);
        }
        return count;
    }

    private static int LowestRank(ReadOnlySpan<int> ranks)
    {
        var best = 0;
        for (var i = 1; i < ranks.Length; i++)
        {
            if (ranks[i] < ranks[best])
                best = i;
        }
        return best;
    }

    /// <summary>
    /// A linked list of the ids and a queue of their pairs: n log n. Entries of the queue are never removed early;
    /// one is stale when the pair at its place has another rank by now, and is passed over.
    /// </summary>
    private int MergeLong(Span<int> ids)
    {
        var places = new Place[ids.Length];
        var queue = new PriorityQueue<int, ulong>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            places[i] = new Place { Previous = i - 1, Next = i + 1, Rank = NoMerge };
            if (i + 1 < ids.Length)
                Enqueue(i, ids[i], ids[i + 1], places, queue);
        }
        while (queue.TryDequeue(out var left, out var priority))
        {
            if (places[left].Rank == (int)(priority >> 32))
                Join(left, ids, places, queue);
        }
        var count = 0;
        for (var i = 0; i < ids.Length; i = places[i].Next)
            ids[count++] = ids[i];
        return count;
    }

    private void Join(int left, Span<int> ids, Place[] places, PriorityQueue<int, ulong> queue)
    {
        var right = places[left].Next;
        merges.TryGet(ids[left], ids[right], out _, out ids[left]);
        places[right].Rank = NoMerge;
        var next = places[left].Next = places[right].Next;
        places[left].Rank = NoMerge;
        if (next < ids.Length)
        {
            places[next].Previous = left;
            Enqueue(left, ids[left], ids[next], places, queue);
        }
        var previous = places[left].Previous;
        if (previous >= 0)
        {
            places[previous].Rank = NoMerge;
            Enqueue(previous, ids[previous], ids[left], places, queue);
        }
    }

    private void Enqueue(int left, int leftId, int rightId, Place[] places, PriorityQueue<int, ulong> queue)
    {
        var rank = Rank(leftId, rightId);
        if (rank == NoMerge)
            return;
        places[left].Rank = rank;
        queue.Enqueue(left, (ulong)rank << 32 | (uint)left);
    }

    private int Rank(int left, int right) => merges.TryGet(left, right, out var rank, out _) ? rank : NoMerge;

    /// <summary>A link of the list, and the rank at which its id merges with the next one's.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Place
    {
        public int Previous, Next, Rank;
    }
}
