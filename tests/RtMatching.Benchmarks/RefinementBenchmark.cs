using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Benchmarks;

/// <summary>
/// What eight passes cost beside one, on texts as long as CVs: both in one run, in turns, so that a busy machine slows both.
/// Processor time stands beside the clock's, because it hardly minds neighbours.
/// </summary>
internal static class RefinementBenchmark
{
    /// <summary>SmolLM2-135M; only the vocabulary is the built-in tokenizer's, which no arithmetic depends on.</summary>
    internal static readonly ModelConfig SmolLm2 = new()
    {
        Family = ModelFamily.Llama, Layers = 30, Hidden = 576, FeedForward = 1536, Heads = 9, KeyValueHeads = 3, HeadDim = 64,
        Vocabulary = 20_000, Window = 8192, RopeTheta = 1e5f, NormEpsilon = 1e-5f, EosId = 0,
    };

    public static int Run(string[] args)
    {
        var texts = Arguments.Number(args, "--texts", 64);
        var rounds = Arguments.Number(args, "--rounds", 5);
        var passes = Arguments.Number(args, "--iterations", 8);
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
        var (plain, refined) = (new List<Cost>(), new List<Cost>());
        for (var round = 0; round < rounds; round++)
        {
            plain.Add(Cost.Of(() => embedder.Embed(texts, one)));
            refined.Add(Cost.Of(() => embedder.Embed(texts, many)));
        }

        Console.WriteLine($"{model.Name}: {count} texts, {tokens} tokens, batches of at most {embedder.BatchTokens} tokens, medians of {rounds}");
        Report(1, plain, tokens);
        Report(passes, refined, tokens);
        Console.WriteLine($"  k = {passes} costs {Cost.Median(refined, cost => cost.Seconds) / Cost.Median(plain, cost => cost.Seconds):f3} x k = 1 by the clock, " +
            $"{Cost.Median(refined, cost => cost.Processor) / Cost.Median(plain, cost => cost.Processor):f3} x in processor time");
    }

    private static void Report(int passes, List<Cost> costs, int tokens)
    {
        var (seconds, processor) = (Cost.Median(costs, cost => cost.Seconds), Cost.Median(costs, cost => cost.Processor));
        Console.WriteLine($"  k = {passes,-2} {seconds,8:f3} s [{costs.Min(cost => cost.Seconds):f3} .. {costs.Max(cost => cost.Seconds):f3}]  " +
            $"{tokens / seconds,7:f0} tokens/s  processor {processor:f3} s");
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
}
