using System.Text;
using RtMatching.Core.Ingestion;

namespace RtMatching.Orleans.Tests.Synthetic;

/// <summary>CVs of nobody, each with a text of its own.</summary>
internal static class MadeUpCvs
{
    private static readonly string[] Trades = ["shop keeper", "electrician", "nurse", "bookkeeper", "gardener", "translator", "welder", "teacher"];
    private static readonly string[] Deeds = ["trained apprentices", "kept the accounts", "planned the week", "wrote the reports", "ordered the stock"];

    /// <param name="words">In each, about.</param>
    public static async IAsyncEnumerable<SourceItem> ReadAsync(int count, int words = 40, int first = 0)
    {
        await Task.Yield();
        for (var i = first; i < first + count; i++) yield return new SourceItem($"cv {i}", "made", $"cv {i}", Encoding.UTF8.GetBytes(Text(i, words)));
    }

    public static string Text(int number, int words)
    {
        var random = new Random(number);
        var text = new StringBuilder($"Experience\nWorked as {Trades[number % Trades.Length]} number {number}.\n");
        for (var said = 0; said < words; said += 8)
            text.Append($"In year {random.Next(1, 40)} {Deeds[random.Next(Deeds.Length)]} for {random.Next(1, 900)} people. ");
        return text.ToString();
    }
}
