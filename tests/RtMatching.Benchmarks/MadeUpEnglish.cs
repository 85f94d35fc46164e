namespace RtMatching.Benchmarks;

/// <summary>What tokenizers are timed on where no text is given.</summary>
internal static class MadeUpEnglish
{
    /// <summary>Words of made-up spelling with the frequencies of natural text (Zipf), 4 MB: many words come once or twice.</summary>
    public static string[] Lines()
    {
        var random = new Random(1);
        var syllables = "con ing er ta the pro ment a al re ti on ly de s ex per i ous man".Split(' ');
        var words = Enumerable.Range(0, 50_000).Select(_ => string.Concat(random.GetItems(syllables, random.Next(1, 5)))).ToArray();
        return [.. Enumerable.Range(0, 40_000).Select(_ => string.Join(' ',
            Enumerable.Range(0, 15).Select(_ => words[(int)Math.Pow(words.Length, random.NextDouble()) - 1])) + ".")];
    }
}
