using RtMatching.Benchmarks;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Pooling;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>Tokens a second from ids to vectors, Torch beside the managed engine and beside Hugging Face transformers, in one call.</summary>
internal static class Speed
{
    public static int Run(string[] args)
    {
        var options = SpeedOptions.Parse(args);
        TorchLibrary.Require(new TorchDevices([options.Device]));
        Console.WriteLine(
            $"{options.Shape} on {options.Device} in {options.Precision}, random weights, {options.Rounds} rounds, medians; load {Load()}, {Environment.ProcessorCount} cores");

        // Another process must find the device free: transformers comes first, and on the CPU, where others may be at work, once more afterwards.
        var transformers = options.Python is null ? [] : TransformersRun.Run(options, options.Python).ToList();
        var ours = Ours(options);
        if (options.Python is not null && !options.Device.IsCuda) transformers.AddRange(TransformersRun.Run(options, options.Python));
        SpeedTable.Print(options, ours, SpeedRow.Merge(transformers));
        if (options.Device.IsCuda)
        {
            var memory = options.Device.Memory();
            Console.WriteLine($"device memory taken at the peak: {memory.Used / (double)(1L << 30):f1} of {memory.Total / (double)(1L << 30):f1} GiB");
        }

        return 0;
    }

    private static List<SpeedRow> Ours(SpeedOptions options)
    {
        var engines = new List<(string Name, LanguageModel Model)> { ("torch", Model(options, TorchDecoder(options))) };
        if (options.Managed) engines.Add(("managed", Model(options, new Decoder(options.Config, new RepeatedWeights(options.Config)))));
        try
        {
            return [.. options.Tokens.SelectMany(tokens => Measure(options, engines, tokens))];
        }
        finally
        {
            foreach (var (_, model) in engines) model.Dispose();
        }
    }

    /// <summary>Every engine and number of passes once in each round, so that a busy machine slows all alike.</summary>
    private static IEnumerable<SpeedRow> Measure(SpeedOptions options, List<(string Name, LanguageModel Model)> engines, int tokens)
    {
        var texts = Texts(options, tokens);
        var runs = engines.SelectMany(engine => options.Iterations.Select(iterations => (engine.Name, Iterations: iterations,
            Embedder: new TextEmbedder(engine.Model, options.Batch), Costs: new List<double>()))).ToArray();
        for (var round = -1; round < options.Rounds; round++)       // the first warms up
        {
            foreach (var run in runs)
            {
                var cost = Cost.Of(() => run.Embedder.Embed(texts, new EmbeddingOptions { AppendEos = AppendEos.Never, Iterations = run.Iterations }));
                if (round >= 0) run.Costs.Add(cost.Seconds);
            }
        }

        return runs.Select(run => new SpeedRow(run.Name, tokens, run.Iterations, texts.Length, run.Embedder.BatchTokens, run.Costs));
    }

    private static string[] Texts(SpeedOptions options, int tokens)
    {
        var random = new Random(tokens);
        return [.. Enumerable.Range(0, options.Texts(tokens)).Select(_ =>
            IdTokenizer.Text([.. Enumerable.Range(0, tokens).Select(_ => random.Next(options.Config.Vocabulary))]))];
    }

    private static TorchDecoder TorchDecoder(SpeedOptions options) =>
        new(options.Config, new RepeatedWeights(options.Config), options.Device, options.Precision);

    private static LanguageModel Model(SpeedOptions options, IDecoder decoder) => new(options.Shape, "", new IdTokenizer(options.Config.Vocabulary), decoder);

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
