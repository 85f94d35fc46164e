namespace RtMatching.Inference.Tokenizer;

/// <summary>The ids of words met lately: text repeats its words, and merging is the slow part.</summary>
/// <remarks>
/// Bounded: a word has one place, and takes it from whichever word was there. Without locks: entries never change once
/// made, and a place is one reference, read and written whole. Two threads may both merge a new word; they get the same ids.
/// </remarks>
internal sealed class WordCache
{
    /// <summary>Longer words hardly repeat, and would make the cache's size in bytes unbounded.</summary>
    public const int LongestWord = 32;

    private const int Places = 1 << 16; // At most about 10 MB where every place holds a long word.

    private readonly Entry?[] _entries = new Entry?[Places];

    /// <summary>The ids of the word, or null; <paramref name="place"/> is where <see cref="Store"/> puts them.</summary>
    public int[]? Find(ReadOnlySpan<char> word, out int place)
    {
        place = string.GetHashCode(word) & (Places - 1);
        var entry = Volatile.Read(ref _entries[place]);
        return entry is not null && word.SequenceEqual(entry.Word) ? entry.Ids : null;
    }

    public void Store(int place, ReadOnlySpan<char> word, ReadOnlySpan<int> ids) =>
        Volatile.Write(ref _entries[place], new Entry(word.ToString(), ids.ToArray()));

    private sealed record Entry(string Word, int[] Ids);
}
