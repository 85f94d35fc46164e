namespace RtMatching.Torch.Tests.Measurements;

/// <summary>What an engine took for the same texts, round by round.</summary>
/// <param name="Batch">Tokens in a batch, at most.</param>
/// <param name="PeakBytes">Of the device, where the engine says so itself.</param>
internal sealed record SpeedRow(string Engine, int Tokens, int Iterations, int Texts, int Batch, IReadOnlyList<double> Seconds, long? PeakBytes = null)
{
    public double TokensPerSecond => Seconds.Count == 0 ? double.NaN : Tokens * (double)Texts / Seconds.Order().ElementAt(Seconds.Count / 2);

    /// <summary>Of each engine, length and number of passes the fastest run.</summary>
    public static List<SpeedRow> Merge(IEnumerable<SpeedRow> rows) =>
        [.. rows.GroupBy(row => (row.Engine, row.Tokens, row.Iterations)).Select(same => same.MaxBy(row => row.TokensPerSecond)!)];
}

/// <summary>Every engine's tokens a second, beside what Torch does with one pass, and beside the others.</summary>
internal static class SpeedTable
{
    public static void Print(SpeedOptions options, IReadOnlyList<SpeedRow> ours, IReadOnlyList<SpeedRow> others)
    {
        Console.WriteLine($"{"tokens",6} {"k",2}  {"engine",-22} {"tokens/s",10} {"cost of k",10} {"torch is",9} {"TFLOP/s",8} {"batch",7} {"s [least .. most]"}");
        SpeedRow[] rows = [.. ours, .. others];
        foreach (var row in rows.OrderBy(row => row.Tokens).ThenBy(row => row.Iterations))
        {
            var one = rows.FirstOrDefault(other => (other.Engine, other.Tokens, other.Iterations) == (Single(row.Engine), row.Tokens, 1));
            var torch = ours.First(other => (other.Engine, other.Tokens, other.Iterations) == ("torch", row.Tokens, row.Iterations));
            var cost = one is null ? "" : $"{one.TokensPerSecond / row.TokensPerSecond:f2} x";
            var operations = options.Config.Operations(1, row.Tokens, row.Engine == "transformers full" ? 1 : row.Iterations);
            if (row.Engine == "transformers full") operations *= row.Iterations;
            Console.WriteLine(
                $"{row.Tokens,6} {row.Iterations,2}  {row.Engine,-22} {row.TokensPerSecond,10:f0} {cost,10} {torch.TokensPerSecond / row.TokensPerSecond,7:f2} x " +
                $"{operations / row.Tokens * row.TokensPerSecond / 1e12,8:f3} {row.Batch,7} {Range(row)}");
        }
    }

    /// <summary>What its further passes are compared with: transformers' one pass is the same in both ways.</summary>
    private static string Single(string engine) => engine.StartsWith("transformers", StringComparison.Ordinal) ? "transformers full" : engine;

    private static string Range(SpeedRow row) => row.Seconds.Count == 0
        ? "did not fit"
        : $"{row.Seconds.Min():f3} .. {row.Seconds.Max():f3}" + (row.PeakBytes is { } peak ? $", {peak / (double)(1L << 30):f1} GiB" : "");
}
