using System.Diagnostics;
using System.Text;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Benchmarks;

/// <summary>Tokens per second on one core: ordinary English text, and a megabyte without a space.</summary>
internal static class TokenizerBenchmark
{
    private const int Rounds = 5;

    /// <param name="args">A tokenizer.json (default: the built-in model's), then a file of one text a line (default: made-up).</param>
    public static int Run(string[] args)
    {
        var tokenizer = TokenizerJson.Read(args.ElementAtOrDefault(0) ?? Path.Combine("models", "rt-mini", "tokenizer.json"));
        var lines = args.Length > 1 ? File.ReadAllLines(args[1]) : MadeUpEnglish();
        Report("English lines", tokenizer, lines);
        Report("1 MiB, one word of letters", tokenizer, [Letters(1 << 20)]);
        Report("1 MiB, one character", tokenizer, [new string('a', 1 << 20)]);
        Report("1 Mi Chinese characters", tokenizer, [new string('字', 1 << 20)]);
        return 0;
    }

    /// <summary>The best of several rounds; the first one also fills the cache.</summary>
    private static void Report(string what, BpeTokenizer tokenizer, string[] texts)
    {
        long tokens = 0;
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            tokens = texts.Sum(text => (long)tokenizer.Encode(text).Length);
            var elapsed = watch.Elapsed;
            if (round == 0)
                Console.WriteLine($"{what}: first round {Millions(tokens, elapsed)} tokens/s");
            best = elapsed < best ? elapsed : best;
        }
        var bytes = texts.Sum(text => (long)Encoding.UTF8.GetByteCount(text));
        Console.WriteLine($"{what}: {tokens} tokens, {Millions(tokens, best)} tokens/s, {Millions(bytes, best)} bytes/s");
    }

    private static string Millions(long count, TimeSpan time) => $"{count / time.TotalSeconds / 1e6:F2} million";

    /// <summary>Words of made-up spelling with the frequencies of natural text (Zipf), 4 MB: many words come once or twice.</summary>
    private static string[] MadeUpEnglish()
    {
        var random = new Random(1);
        var syllables = "con ing er ta the pro ment a al re ti on ly de s ex per i ous man".Split(' ');
        var words = Enumerable.Range(0, 50_000).Select(_ => string.Concat(random.GetItems(syllables, random.Next(1, 5)))).ToArray();
        return [.. Enumerable.Range(0, 40_000).Select(_ => string.Join(' ',
            Enumerable.Range(0, 15).Select(_ => words[(int)Math.Pow(words.Length, random.NextDouble()) - 1])) + ".")];
    }

    private static string Letters(int length) => new(new Random(1).GetItems("etaoinshrdlucmfw".ToCharArray(), length));
}
