using System.Text;
using RtMatching.Core.Ingestion;

namespace RtMatching.Orleans.Tests.Measurements;

/// <summary>Texts of a CV's length over words of which some are common and most are rare, as in real ones (Zipf's law).</summary>
internal static class ZipfCvs
{
    private const int Vocabulary = 20_000;
    private const int Words = 450;          // about two pages

    private static readonly string[] Known = [.. Enumerable.Range(0, Vocabulary).Select(Word)];

    /// <summary>The same number gives the same CV, and no two numbers the same.</summary>
    public static string Text(int number)
    {
        var random = new Random(number);
        var text = new StringBuilder($"Reference {number}\n");
        for (var i = 0; i < Words; i++)
            text.Append(Known[(int)Math.Pow(Vocabulary, random.NextDouble()) - 1]).Append(i % 12 == 11 ? '\n' : ' ');
        return text.ToString();
    }

    public static SourceItem Item(int number) => new($"cv {number}", "demands", $"{number}", Encoding.UTF8.GetBytes(Text(number)));

    /// <summary>Three to eight letters that can be spoken.</summary>
    private static string Word(int number)
    {
        var (random, word) = (new Random(number), new StringBuilder());
        for (var syllables = 2 + random.Next(3); syllables > 0; syllables--)
            word.Append("bcdfghklmnprstvw"[random.Next(16)]).Append("aeiou"[random.Next(5)]);
        return word.ToString();
    }
}
