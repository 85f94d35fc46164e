using System.Text;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Benchmarks;

/// <summary>Tokens per second on one core: ordinary English text, and a megabyte without a space.</summary>
internal static class TokenizerBenchmark
{
    private static readonly TimeSpan MeasuredTime = TimeSpan.FromSeconds(2);

    /// <param name="args">A tokenizer.json (default: the built-in model's), then a file of one text a line (default: made-up).</param>
    public static int Run(string[] args)
    {
        var tokenizer = TokenizerJson.Read(args.ElementAtOrDefault(0) ?? Path.Combine("models", "rt-mini", "tokenizer.json"));
        var lines = args.Length > 1 ? File.ReadAllLines(args[1]) : MadeUpEnglish.Lines();
        Report("English lines", tokenizer, lines);
        Report("1 MiB, one word of letters", tokenizer, [Letters(1 << 20)]);
        Report("1 MiB, one character", tokenizer, [new string('a', 1 << 20)]);
        Report("1 Mi Chinese characters", tokenizer, [new string('字', 1 << 20)]);
        return 0;
    }

    /// <summary>Processor time, not the clock's: a busy machine takes none of it away.</summary>
    private static void Report(string what, BpeTokenizer tokenizer, string[] texts)
    {
        var (tokens, first) = Measure(tokenizer, texts);
        Console.WriteLine($"{what}: {tokens} tokens; first round, cache empty: {Millions(tokens, first)} tokens/s");
        var total = TimeSpan.Zero;
        var rounds = 0;
        for (; total < MeasuredTime; rounds++)
            total += Measure(tokenizer, texts).Time;
        var bytes = texts.Sum(text => (long)Encoding.UTF8.GetByteCount(text));
        Console.WriteLine($"{what}: {rounds} more: {Millions(tokens * rounds, total)} tokens/s, {Millions(bytes * rounds, total)} bytes/s");
    }

    private static (long Tokens, TimeSpan Time) Measure(BpeTokenizer tokenizer, string[] texts)
    {
        var before = Environment.CpuUsage.TotalTime;
        var tokens = texts.Sum(text => (long)tokenizer.Encode(text).Length);
        return (tokens, Environment.CpuUsage.TotalTime - before);
    }

    private static string Millions(long count, TimeSpan time) => $"{count / time.TotalSeconds / 1e6:F2} million";

    private static string Letters(int length) => new(new Random(1).GetItems("etaoinshrdlucmfw".ToCharArray(), length));
}
