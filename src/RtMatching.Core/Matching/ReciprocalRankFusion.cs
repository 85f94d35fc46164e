namespace RtMatching.Core.Matching;

/// <summary>
/// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), weighted: the score of a document is the sum over the rankings
/// that hold it of weight / (K + its rank), so that scores of different kinds need not be made comparable. Times K + 1: where the weights add up
/// to 1, that is the score of who is first in all.
/// </summary>
public static class ReciprocalRankFusion
{
    /// <summary>
    /// How little the first places count above the following ones. 60 was published, for rankings of thousands; ten places are read here, and on CVs
    /// and job ads (the benchmarks' `quality`) 20 does better.
    /// </summary>
    public const int K = 20;

    /// <summary>What a ranking of this weight gives to its document at <paramref name="rank"/>, from 1.</summary>
    public static double Contribution(double weight, int rank, int k = K) => weight * (k + 1) / (k + rank);

    /// <summary>
    /// Every key of the rankings, the best first. Equal scores: the one that stands higher in an earlier ranking comes first,
    /// so the order never depends on anything but the rankings.
    /// </summary>
    public static IReadOnlyList<(T Key, double Score)> Fuse<T>(IEqualityComparer<T> comparer, ReadOnlySpan<WeightedRanking<T>> rankings, int k = K)
        where T : notnull
    {
        var scores = new Dictionary<T, double>(comparer);
        var order = new List<T>();                      // by first appearance: earlier rankings first, each in its order
        foreach (var (keys, weight) in rankings)
        {
            for (var i = 0; i < keys.Count; i++)
            {
                if (!scores.TryAdd(keys[i], Contribution(weight, i + 1, k))) scores[keys[i]] += Contribution(weight, i + 1, k);
                else order.Add(keys[i]);
            }
        }

        return [.. order.Select(key => (key, scores[key])).OrderByDescending(pair => pair.Item2)];
    }
}

/// <param name="Keys">The best first, each once.</param>
/// <param name="Weight">How much it counts beside the others. From 0.</param>
public readonly record struct WeightedRanking<T>(IReadOnlyList<T> Keys, double Weight);
