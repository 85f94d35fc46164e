namespace RtMatching.Core.Evaluation;

/// <summary>
/// Values grouped by rank once, so that a resample, which counts each of them any number of times, needs no sorting: equal values are one
/// group, groups ascend. A value counted twice is a tie with itself, as it would be in a sample that held it twice.
/// </summary>
internal sealed class WeightedRanks
{
    private readonly int[] _group;   // (values)

    public WeightedRanks(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).ToArray();
        Array.Sort(values.ToArray(), order);
        _group = new int[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            if (i == 0 || values[order[i]] != values[order[i - 1]]) Groups++;
            _group[order[i]] = Groups - 1;
        }
    }

    /// <summary>How many different values there are.</summary>
    public int Groups { get; }

    public int GroupOf(int value) => _group[value];

    /// <summary>The mean rank of each group, from 1, value i standing counts[i] times in the sample. (groups)</summary>
    public double[] Ranks(ReadOnlySpan<int> counts)
    {
        var ranks = new double[Groups];
        for (var i = 0; i < counts.Length; i++) ranks[_group[i]] += counts[i];
        var before = 0.0;
        for (var group = 0; group < ranks.Length; group++)
        {
            var size = ranks[group];
            ranks[group] = before + (size + 1) / 2;
            before += size;
        }

        return ranks;
    }
}
