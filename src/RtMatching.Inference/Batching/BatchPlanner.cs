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
        var batches = new List<int[]>();
        var batch = new List<int>();
        long tokens = 0;
        foreach (var text in Enumerable.Range(0, lengths.Count).OrderByDescending(text => lengths[text]))   // a stable sort
        {
            if (batch.Count > 0 && tokens + lengths[text] > tokenBudget)
            {
                batches.Add([.. batch]);
                batch.Clear();
                tokens = 0;
            }

            batch.Add(text);
            tokens += lengths[text];
        }

        if (batch.Count > 0) batches.Add([.. batch]);
        return batches;
    }
}
