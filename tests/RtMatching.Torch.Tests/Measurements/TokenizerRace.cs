using RtMatching.Benchmarks;
using RtMatching.Inference.Model;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>Our tokenizer and Microsoft.ML.Tokenizers' over the same texts in one run, round about.</summary>
/// <remarks>On one core by processor time, which hardly minds neighbours; on two threads by the clock.</remarks>
internal static class TokenizerRace
{
    private const int Threads = 2;

    private sealed record Racer(string Name, ITokenizer Tokenizer);

    /// <param name="args">[MODEL] [--file TEXTS] [--rounds N]: texts are a file's lines (default: made-up English); none of them is shown.</param>
    public static int Run(string[] args)
    {
        var model = args.FirstOrDefault() is { } first && !first.StartsWith("--", StringComparison.Ordinal) ? first : null;
        var definition = LanguageModel.ReadTokenizer(model);
        var (ours, theirs) = (new Racer("ours", new BpeTokenizer(definition)), new Racer("ML.Tokenizers", MlTokenizer.Create(definition)));
        var texts = Arguments.Text(args, "--file") is { } file ? File.ReadAllLines(file) : MadeUpEnglish.Lines();
        var rounds = Arguments.Number(args, "--rounds", 15);
        var (tokens, different) = Compare(ours, theirs, texts);
        Console.WriteLine($"{definition.Source}: {texts.Length} texts, {tokens} tokens; {different} texts differ");
        Race("one core, processor time", cost => cost.Processor, threads: 1);
        Race($"{Threads} threads, the clock's time", cost => cost.Seconds, Threads);
        LongWords(ours, theirs);
        return different == 0 ? 0 : 1;

        void Race(string what, Func<Cost, double> time, int threads)
        {
            var (first, second) = Alternate(() => Encode(ours, texts, threads), () => Encode(theirs, texts, threads), rounds);
            var ratio = first.Zip(second, (a, b) => time(b) / time(a)).Order().ElementAt(rounds / 2);
            Console.WriteLine($"{what}, medians of {rounds} rounds: {Speed(ours, first)}, {Speed(theirs, second)}; ours is {ratio:F2} times as fast");

            string Speed(Racer racer, List<Cost> costs) => $"{racer.Name} {tokens / Cost.Median(costs, time) / 1e6:F2} million tokens/s";
        }
    }

    private static (long Tokens, int Different) Compare(Racer ours, Racer theirs, string[] texts)
    {
        var (tokens, different) = (0L, 0);
        foreach (var text in texts)
        {
            var ids = ours.Tokenizer.Encode(text);
            tokens += ids.Length;
            if (!ids.AsSpan().SequenceEqual(theirs.Tokenizer.Encode(text))) different++;
        }

        return (tokens, different);
    }

    /// <summary>Each goes first in every other round: what one leaves behind in caches and garbage is not always the other's.</summary>
    private static (List<Cost> First, List<Cost> Second) Alternate(Action first, Action second, int rounds)
    {
        var (ofFirst, ofSecond) = (new List<Cost>(), new List<Cost>());
        for (var round = -2; round < rounds; round++) // Two for the compiler to finish.
        {
            var firstGoes = round % 2 == 0;
            var (one, other) = (Cost.Of(firstGoes ? first : second), Cost.Of(firstGoes ? second : first));
            if (round < 0) continue;
            ofFirst.Add(firstGoes ? one : other);
            ofSecond.Add(firstGoes ? other : one);
        }

        return (ofFirst, ofSecond);
    }

    private static void Encode(Racer racer, string[] texts, int threads)
    {
        if (threads == 1)
            foreach (var text in texts) racer.Tokenizer.Encode(text);
        else
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
            {
                for (var i = thread; i < texts.Length; i += threads) racer.Tokenizer.Encode(texts[i]);
            });
    }

    /// <summary>As many letters in ever longer words, up to the length from which on a text goes to ours: each should cost the same.</summary>
    private static void LongWords(Racer ours, Racer theirs)
    {
        foreach (var letters in new[] { "ab", "字" })
        {
            foreach (var racer in new[] { ours, theirs })
            {
                var times = new[] { 64, 256, 1000 }.Select(length =>
                {
                    var word = string.Concat(Enumerable.Repeat(letters, length / letters.Length));
                    var text = string.Join(' ', Enumerable.Repeat(word, (1 << 18) / length));
                    return $"{Cost.Of(() => racer.Tokenizer.Encode(text)).Processor * 1000:F0}";
                });
                Console.WriteLine($"256 Ki letters \"{letters}\" in words of 64, 256 and 1,000, {racer.Name}: {string.Join(", ", times)} ms");
            }
        }
    }
}
