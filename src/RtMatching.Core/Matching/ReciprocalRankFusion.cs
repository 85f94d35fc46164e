namespace RtMatching.Core.Matching;

/// <summary>
/// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): the score of a document is the sum over the rankings
/// that hold it of 1 / (60 + its rank), so that scores of different kinds need not be made comparable.
/// </summary>
public static class ReciprocalRankFusion
{
    /// <summary>The published constant: how little the first places count above the following ones.</summary>
    public const int K = 60;

    /// <summary>The contribution of <paramref name="rank"/>, from 1; 0 where the ranking does not hold the document.</summary>
    public static double Contribution(int? rank) => rank is { } place ? 1.0 / (K + place) : 0;

    /// <summary>
    /// Every key of the rankings, the best first. Equal scores: the one that stands higher in an earlier ranking comes first,
    /// so the order never depends on anything but the rankings.
    /// </summary>
    public static IReadOnlyList<(T Key, double Score)> Fuse<T>(IEqualityComparer<T> comparer, params ReadOnlySpan<IReadOnlyList<T>> rankings)
        where T : notnull
    {
        var scores = new Dictionary<T, double>(comparer);
        var order = new List<T>();                      // by first appearance: earlier rankings first, each in its order
        foreach (var ranking in rankings)
        {
            for (var i = 0; i < ranking.Count; i++)
            {
                if (!scores.TryAdd(ranking[i], Contribution(i + 1))) scores[ranking[i]] += Contribution(i + 1);
                else order.Add(ranking[i]);
            }
        }

        return [.. order.Select(key => (key, scores[key])).OrderByDescending(pair => pair.Item2)];
    }
}
