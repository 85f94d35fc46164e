namespace RtMatching.Inference.Batching;

/// <summary>Groups texts of similar length into batches of a bounded number of tokens.</summary>
public static class BatchPlanner
{
    /// <summary>
    /// Every text in exactly one batch, the longest first (what will not fit in memory fails at once, not at the end), texts of
    /// equal length in their order. A text longer than the budget is a batch by itself.
    /// </summary>
    /// <param name="lengths">Tokens of each text.</param>
    /// <param name="tokenBudget">Tokens in a batch, at most.</param>
    /// <returns>Indices into <paramref name="lengths"/>, batch by batch.</returns>
    public static IReadOnlyList<int[]> Plan(IReadOnlyList<int> lengths, int tokenBudget)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokenBudget, 1);
        return [.. Plan(lengths, () => tokenBudget)];
    }

    /// <inheritdoc cref="Plan(IReadOnlyList{int}, int)"/>
    /// <param name="tokenBudget">Asked when a batch is: what was run before it may have changed it.</param>
    internal static IEnumerable<int[]> Plan(IReadOnlyList<int> lengths, Func<int> tokenBudget)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Count).OrderByDescending(text => lengths[text])];     // a stable sort
        for (var first = 0; first < order.Length;)
        {
            var (next, budget) = (first + 1, tokenBudget());
            for (long tokens = lengths[order[first]]; next < order.Length; next++)
            {
                tokens += lengths[order[next]];
                if (tokens > budget) break;
            }

            yield return order[first..next];
            first = next;
        }
    }
}
