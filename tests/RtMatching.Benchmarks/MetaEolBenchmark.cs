using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Benchmarks;

/// <summary>
/// MetaEOL, whose prompts' heads are run once for all texts, beside eight separate passes over the whole sequences: both in one run, in
/// turns, so that a busy machine slows both. Each tokenises, batches by the same budget and runs.
/// </summary>
internal static class MetaEolBenchmark
{
    private static readonly EmbeddingOptions MetaEol = new() { Pooling = PoolingKind.MetaEol };

    /// <summary>A made-up word is two to four tokens.</summary>
    private static readonly (string Name, int Words)[] Lengths = [("sentences", 8), ("CVs", 150)];

    public static int Run(string[] args)
    {
        var rounds = Arguments.Number(args, "--rounds", 5);
        var texts = Arguments.Number(args, "--texts", 32);
        using var builtIn = LanguageModel.Load(null);
        Report(builtIn, texts, rounds);
        var shape = RefinementBenchmark.SmolLm2;
        using var other = args.FirstOrDefault() is { } path && !path.StartsWith("--", StringComparison.Ordinal)
            ? LanguageModel.Load(ModelCatalog.Resolve(path))
            : new LanguageModel("SmolLM2-135M's shape", "", builtIn.Tokenizer, new Decoder(shape, new RandomWeights(shape)));
        Report(other, texts, rounds);
        return 0;
    }

    private static void Report(LanguageModel model, int count, int rounds)
    {
        foreach (var (name, words) in Lengths)
        {
            var (random, made) = (new Random(1), new MadeUpText(clusters: 10));
            string[] texts = [.. Enumerable.Range(0, count).Select(i => made.Words(i % 10, random, words / 2 + random.Next(words)))];
            var embedder = new TextEmbedder(model);
            var run = embedder.Embed(texts, MetaEol).Sum(embedding => embedding.Tokens);      // warms up too, and runs the heads
            var separateTokens = Separate(embedder, texts);
            var (shared, separate) = (new List<Cost>(), new List<Cost>());
            for (var round = 0; round < rounds; round++)
            {
                shared.Add(Cost.Of(() => embedder.Embed(texts, MetaEol)));
                separate.Add(Cost.Of(() => Separate(embedder, texts)));
            }

            var own = texts.Average(text => model.Tokenizer.Encode(text).Length);
            Console.WriteLine($"{model.Name}: {count} {name} of {own:f0} tokens on average, medians of {rounds}");
            Report("shared heads", shared, run);
            Report("eight passes", separate, separateTokens);
            Console.WriteLine($"  shared heads cost {Ratio(shared, separate, cost => cost.Seconds):f3} x eight passes by the clock, " +
                $"{Ratio(shared, separate, cost => cost.Processor):f3} x in processor time, and run {(double)run / separateTokens:f3} x the tokens");
        }
    }

    /// <summary>Every prompt's whole sequences, one prompt after another. Gives the tokens run.</summary>
    private static long Separate(TextEmbedder embedder, string[] texts)
    {
        var (model, tokens) = (embedder.Model, 0L);
        foreach (var prompt in Prompt.Of(MetaEol))
        {
            var builder = new SequenceBuilder(MetaEol, model.Config, model.Tokenizer, prompt);
            int[][] sequences = [.. texts.Select(text => builder.Build(text).Ids)];
            foreach (var batch in BatchPlanner.Plan([.. sequences.Select(ids => ids.Length)], embedder.BatchTokens))
                model.Decoder.Prefill(new PackedBatch([.. batch.Select(text => sequences[text])]), Capture.None).Dispose();
            tokens += sequences.Sum(ids => (long)ids.Length);
        }

        return tokens;
    }

    private static double Ratio(List<Cost> one, List<Cost> other, Func<Cost, double> of) => Cost.Median(one, of) / Cost.Median(other, of);

    private static void Report(string name, List<Cost> costs, long tokens) => Console.WriteLine(
        $"  {name} {Cost.Median(costs, cost => cost.Seconds),8:f3} s [{costs.Min(cost => cost.Seconds):f3} .. {costs.Max(cost => cost.Seconds):f3}]  " +
        $"{tokens,8} tokens run  processor {Cost.Median(costs, cost => cost.Processor):f3} s");
}
