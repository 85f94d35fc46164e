using System.Text.Json;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Benchmarks;

/// <summary>
/// Whether a stop rule saves the time that the passes it saves take: every text to k = K, each text until it stops, and one pass, in one run
/// and in turns. On real texts, because made-up ones and random weights say nothing about when an embedding settles.
/// </summary>
internal static class StoppingBenchmark
{
    public static int Run(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith("--", StringComparison.Ordinal))
        {
            Console.WriteLine("stopping needs a file of {\"text\"} lines");
            return 2;
        }

        var passes = Arguments.Number(args, "--iterations", 8);
        var rounds = Arguments.Number(args, "--rounds", 5);
        var rule = new StableChange(Arguments.Number(args, "--thousandths", 50) / 1000f);
        var pooling = args.Contains("--prompt-eol") ? PoolingKind.PromptEol : PoolingKind.Last;
        string[] texts = [.. File.ReadLines(args[0]).Select(Text)];
        using var model = LanguageModel.Load(ModelCatalog.Resolve(Arguments.Text(args, "--model")));
        Report(new TextEmbedder(model), texts, new EmbeddingOptions { Pooling = pooling, Iterations = passes }, rule, rounds);
        return 0;
    }

    private static void Report(TextEmbedder embedder, string[] texts, EmbeddingOptions all, StopRule rule, int rounds)
    {
        EmbeddingOptions[] ways = [all, all with { Stop = rule }, all with { Iterations = 1 }];
        var passes = ways.Select(way => embedder.Embed(texts, way).Average(embedding => embedding.Passes[^1].K)).ToArray();   // warms up too
        var costs = ways.Select(_ => new List<Cost>()).ToArray();
        for (var round = 0; round < rounds; round++)
            for (var way = 0; way < ways.Length; way++) costs[way].Add(Cost.Of(() => embedder.Embed(texts, ways[way])));

        Console.WriteLine($"{embedder.Model.Name}, {all.Pooling.Name()}: {texts.Length} texts, medians of {rounds}");
        string[] names = [$"k = {all.Iterations}", $"stop {rule}", "k = 1"];
        for (var way = 0; way < ways.Length; way++)
            Console.WriteLine($"  {names[way],-16} {passes[way],5:f2} passes a text  {Cost.Median(costs[way], cost => cost.Seconds),8:f3} s  " +
                $"processor {Cost.Median(costs[way], cost => cost.Processor):f3} s");
        Console.WriteLine($"  stopping takes {passes[1] / passes[0]:f2} of the passes and {Ratio(cost => cost.Seconds):f2} of the time by the clock, " +
            $"{Ratio(cost => cost.Processor):f2} in processor time");

        double Ratio(Func<Cost, double> of) => Cost.Median(costs[1], of) / Cost.Median(costs[0], of);
    }

    private static string Text(string line) => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!;
}
