using System.Globalization;
using RtMatching.Cli.Output;
using RtMatching.Core.Matching;

namespace RtMatching.Cli.Reports;

/// <summary>A ranking as text on stdout: a table, then the reasons of each place.</summary>
internal static class RankingText
{
    public static void Write(string title, IReadOnlyList<RankedDocument> ranking)
    {
        Console.Out.WriteLine(Terminal.Plain(title));
        Terminal.WriteTable(["place", "id", "who", "score", "similarity", "requirements"], ranking.Select(Row));
        foreach (var place in ranking)
            if (place.Explanation is { } explanation) Write(place, explanation);
    }

    private static string[] Row(RankedDocument place) =>
    [
        Number(place.Rank, "0"), Number(place.DocumentId, "0"), Name(place), Number(place.Score, "0.0000"),
        place.Similarity is { } similarity ? Number(similarity, "0.000") : "", Covered(place),
    ];

    /// <summary>A file's name says more than its whole path; JSON output gives the whole.</summary>
    public static string ShortName(string externalId) => Path.GetFileName(externalId) is { Length: > 0 } name ? name : externalId;

    private static string Name(RankedDocument place) =>
        ShortName(place.ExternalId) + (place.AlsoAs.Count > 0 ? $" (and {place.AlsoAs.Count} more alike)" : "");

    private static string Covered(RankedDocument place) => place.Explanation is { Requirements: [_, ..] all }
        ? $"{all.Count(r => r.Coverage == Coverage.Covered)} of {all.Count} covered, {all.Count(r => r.Coverage == Coverage.Partly)} partly"
        : "";

    private static void Write(RankedDocument place, Explanation explanation)
    {
        Console.Out.WriteLine();
        Console.Out.WriteLine($"{place.Rank}. {Terminal.Plain(Name(place))}");
        foreach (var requirement in explanation.Requirements)
        {
            var mark = requirement.Coverage switch { Coverage.Covered => "[x]", Coverage.Partly => "[~]", _ => "[ ]" };
            Console.Out.WriteLine($"   {mark} {Terminal.Plain(requirement.Requirement)}");
            if (requirement.Quote is { } quote)
                Console.Out.WriteLine($"       \"{Terminal.Plain(quote.Text)}\" ({quote.Section.ToString().ToLowerInvariant()}, {quote.Start}-{quote.Start + quote.Length})");
        }

        if (explanation.CommonTerms.Count > 0) Console.Out.WriteLine($"   in common: {string.Join(", ", explanation.CommonTerms)}");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
