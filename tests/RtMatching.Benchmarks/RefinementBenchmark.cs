using System.Diagnostics;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Benchmarks;

/// <summary>What eight passes cost beside one, on texts as long as CVs: both in one run, in turns, so that a busy machine slows both.</summary>
internal static class RefinementBenchmark
{
    /// <summary>SmolLM2-135M; only the vocabulary is the built-in tokenizer's, which no arithmetic depends on.</summary>
    private static readonly ModelConfig SmolLm2 = new()
    {
        Family = ModelFamily.Llama, Layers = 30, Hidden = 576, FeedForward = 1536, Heads = 9, KeyValueHeads = 3, HeadDim = 64,
        Vocabulary = 20_000, Window = 8192, RopeTheta = 1e5f, NormEpsilon = 1e-5f, EosId = 0,
    };

    public static int Run(string[] args)
    {
        var texts = int.Parse(Option(args, "--texts") ?? "64");
        var rounds = int.Parse(Option(args, "--rounds") ?? "5");
        var passes = int.Parse(Option(args, "--iterations") ?? "8");
        using var builtIn = LanguageModel.Load(null);
        Report(builtIn, texts, rounds, passes);
        if (args.Contains("--small")) return 0;

        using var smolLm2 = new LanguageModel("SmolLM2-135M's shape", "", builtIn.Tokenizer, new Decoder(SmolLm2, new RandomWeights(SmolLm2)));
        Report(smolLm2, texts, rounds, passes);
        return 0;
    }

    private static void Report(LanguageModel model, int count, int rounds, int passes)
    {
        var texts = Texts(model.Tokenizer, count);
        var embedder = new TextEmbedder(model);
        var (one, many) = (new EmbeddingOptions(), new EmbeddingOptions { Iterations = passes });
        var tokens = embedder.Embed(texts, many).Sum(embedding => embedding.Tokens);   // warms up too
        var (plain, refined) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            plain.Add(Seconds(() => embedder.Embed(texts, one)));
            refined.Add(Seconds(() => embedder.Embed(texts, many)));
        }

        var (k1, kn) = (Median(plain), Median(refined));
        Console.WriteLine($"{model.Name}: {count} texts, {tokens} tokens, batches of at most {embedder.BatchTokens} tokens, medians of {rounds}");
        Console.WriteLine($"  k = 1  {k1,8:f3} s  {tokens / k1,8:f0} tokens/s   [{plain.Min():f3} .. {plain.Max():f3}]");
        Console.WriteLine($"  k = {passes}  {kn,8:f3} s  {tokens / kn,8:f0} tokens/s   [{refined.Min():f3} .. {refined.Max():f3}]   {kn / k1:f3} x k = 1");
    }

    /// <summary>Made-up sentences of 400 to 500 tokens.</summary>
    private static string[] Texts(ITokenizer tokenizer, int count)
    {
        string[] words = ["managed", "a", "team", "of", "engineers", "and", "nurses", "in", "Kubernetes", "accounting", "2014", "led", "the",
            "migration", "to", "PostgreSQL", "with", "customers", "sales", "design", "reports", "budget", "training", "schedule", "."];
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var ids = tokenizer.Encode(string.Join(' ', random.GetItems(words, 600)));
            return tokenizer.Decode(ids.AsSpan(0, random.Next(400, 500)));
        })];
    }

    private static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string? Option(string[] args, string name)
    {
        var index = Array.IndexOf(args, name);
        return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
    }
}
