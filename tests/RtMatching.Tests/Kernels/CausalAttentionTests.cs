using RtMatching.Inference.Kernels;
using static RtMatching.Tests.Kernels.Numbers;

namespace RtMatching.Tests.Kernels;

/// <summary>Attention over packed texts against the formula in double, on each SIMD path.</summary>
public unsafe class CausalAttentionTests
{
    private static readonly Workers TwoWorkers = new(2);

    public static TheoryData<string> AllPaths => Paths;

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Each_text_attends_to_itself_alone(string path)
    {
        Compare(path, heads: 6, keyValueHeads: 2, headDim: 10, lengths: [1, 2, 31, 33, 70], first: _ => 0);
        Compare(path, heads: 3, keyValueHeads: 3, headDim: 34, lengths: [5, 64], first: _ => 0);
        Compare(path, heads: 4, keyValueHeads: 1, headDim: 2, lengths: [1], first: _ => 0);
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void New_tokens_attend_to_the_cached_ones(string path) =>
        Compare(path, heads: 4, keyValueHeads: 2, headDim: 12, lengths: [2, 40, 65], first: length => length - 2);

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void A_long_text_is_cut_into_smaller_blocks(string path) =>
        Compare(path, heads: 2, keyValueHeads: 1, headDim: 4, lengths: [1500], first: length => length - 90);

    /// <param name="first">The first position that is queried, of a text of so many positions.</param>
    private static void Compare(string path, int heads, int keyValueHeads, int headDim, int[] lengths, Func<int, int> first)
    {
        var kernels = KernelsOf(path);
        using var cache = new KeyValueCache(kernels, keyValueHeads, headDim, lengths);
        using var attention = new CausalAttention(kernels, TwoWorkers, heads, keyValueHeads, headDim);
        var keys = Fill(cache, 1, lengths, keyValueHeads, headDim, out var values);
        var runs = Runs(lengths, first);
        var rows = runs[^1].FirstRow + runs[^1].Count;
        var queries = Random(2, rows * heads * headDim).Select(q => 4 * q).ToArray();
        var starts = lengths.Select((_, text) => (long)heads * lengths.Take(text).Sum()).ToArray();

        using var output = Native(new float[rows * heads * headDim]);
        using var ends = Native(new float[heads * lengths.Sum()]);
        fixed (float* q = queries) attention.Attend(q, cache, runs, output.Pointer, ends.Pointer, starts);
        var actual = Copy(output, rows * heads * headDim);
        foreach (var run in runs)
        {
            for (var head = 0; head < heads; head++)
            {
                var kv = head / (heads / keyValueHeads);
                for (var token = 0; token < run.Count; token++)
                {
                    var at = ((run.FirstRow + token) * heads + head) * headDim;
                    var query = queries[at..(at + headDim)];
                    var row = Row(query, keys[run.Text][kv], run.FirstPosition + token + 1);
                    var expected = Enumerable.Range(0, headDim).Select(d => row.Select((a, j) => a * values[run.Text][kv][j][d]).Sum()).ToArray();
                    AssertClose(expected, actual[at..(at + headDim)], 1e-5);
                    if (token == run.Count - 1) AssertClose(row, ends.Slice(starts[run.Text] + head * row.Length, row.Length).ToArray(), 1e-5);
                }
            }
        }
    }

    private static TokenRun[] Runs(int[] lengths, Func<int, int> first)
    {
        var (runs, row) = (new List<TokenRun>(), 0);
        for (var text = 0; text < lengths.Length; text++)
        {
            var position = first(lengths[text]);
            runs.Add(new TokenRun(text, row, position, lengths[text] - position));
            row += lengths[text] - position;
        }

        return [.. runs];
    }

    /// <summary>Random keys and values at every position. (texts, kvHeads, positions, headDim)</summary>
    private static float[][][][] Fill(KeyValueCache cache, int seed, int[] lengths, int keyValueHeads, int headDim, out float[][][][] values)
    {
        var (keys, v) = (New(0), New(1000));
        for (var text = 0; text < lengths.Length; text++)
        {
            for (var head = 0; head < keyValueHeads; head++)
            {
                for (var position = 0; position < lengths[text]; position++)
                {
                    fixed (float* pk = keys[text][head][position], pv = v[text][head][position]) cache.Write(text, head, position, pk, pv);
                }
            }
        }

        values = v;
        return keys;

        float[][][][] New(int offset) => [.. lengths.Select((length, text) => Enumerable.Range(0, keyValueHeads).Select(head =>
            Enumerable.Range(0, length).Select(p => Random(seed + offset + text * 100 + head * 10_000 + p, headDim)).ToArray()).ToArray())];
    }

    private static double[] Row(float[] query, float[][] keys, int positions)
    {
        var scores = keys.Take(positions).Select(key => key.Select((k, d) => (double)k * query[d]).Sum() / Math.Sqrt(query.Length)).ToArray();
        var exps = scores.Select(s => Math.Exp(s - scores.Max())).ToArray();
        var sum = exps.Sum();
        return [.. exps.Select(e => e / sum)];
    }
}
