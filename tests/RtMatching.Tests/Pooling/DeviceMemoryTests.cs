using System.Diagnostics.Metrics;
using FsCheck;
using FsCheck.Fluent;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Tests.Pooling;

/// <summary>Batches that do not fit a device's memory: run in halves, nothing lost, everything in its order.</summary>
public class DeviceMemoryTests
{
    private static readonly string[] Texts = [.. Enumerable.Range(0, 30).Select(i => new string((char)('a' + i % 26), 1 + i * 7 % 13))];

    [Fact]
    public void However_little_fits_and_whenever_it_fails_the_vectors_are_the_same() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Choose(14, 200).Zip(Gen.Choose(1, 3)).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
        chosen =>
        {
            var (((fits, passes), seed), random) = (chosen, new Random(chosen.Item2));
            ScriptedDecoder decoder = null!;
            decoder = new ScriptedDecoder
            {
                Prefilling = _ => Fail(decoder.Batches[^1].Sum(ids => ids.Length) > fits),
                Refining = rows => Fail(rows > 1 && random.Next(4) == 0),
            };
            var options = new EmbeddingOptions { Iterations = passes };
            return Vectors(decoder, options).Zip(Vectors(new ScriptedDecoder(), options)).All(pair => pair.First.SequenceEqual(pair.Second));
        }));

    [Fact]
    public void A_batch_is_halved_by_its_tokens_until_it_fits()
    {
        ScriptedDecoder decoder = null!;
        decoder = new ScriptedDecoder { Prefilling = _ => Fail(decoder.Batches[^1].Sum(ids => ids.Length) > 11) };
        string[] texts = ["aaaaaaaaaaa", "bbbb", "cccc", "dddd"];
        new TextEmbedder(Model(decoder), batchTokens: 100).Embed(texts, new EmbeddingOptions { AppendEos = AppendEos.Never });

        Assert.Equal([23, 11, 12, 8, 4], decoder.Batches.Select(batch => batch.Sum(ids => ids.Length)));
    }

    [Fact]
    public void A_text_that_does_not_fit_by_itself_is_told_with_its_tokens_and_the_remedy()
    {
        ScriptedDecoder decoder = null!;
        decoder = new ScriptedDecoder { Device = "gpu:7", Prefilling = _ => Fail(decoder.Batches[^1].Sum(ids => ids.Length) > 12) };
        var error = Assert.Throws<ArgumentException>(() => new TextEmbedder(Model(decoder)).Embed(["short", new string('x', 40)], new EmbeddingOptions()));

        Assert.Equal("A text of 41 tokens does not fit the memory of gpu:7, even by itself. "
            + "Cut it to fewer tokens, or run the model on a device with more memory.", error.Message);
        Assert.IsType<DeviceMemoryException>(error.InnerException);
    }

    [Fact]
    public void A_budget_that_shrinks_is_kept_to_from_the_next_batch_on()
    {
        ScriptedDecoder decoder = null!;
        decoder = new ScriptedDecoder { BatchTokens = 60, Prefilling = _ => decoder.BatchTokens = 20 };
        Vectors(decoder, new EmbeddingOptions());
        var tokens = decoder.Batches.Select(batch => batch.Sum(ids => ids.Length)).ToList();

        Assert.InRange(tokens[0], 47, 60);
        Assert.All(tokens.Skip(1), count => Assert.InRange(count, 1, 20));
    }

    [Fact]
    public void Prompts_that_are_kept_give_way_and_are_run_again()
    {
        var calls = 0;
        var decoder = new ScriptedDecoder(window: 400) { Prefilling = number => Fail(number == 2 && calls++ == 0) };
        var model = Model(decoder);
        var options = new EmbeddingOptions { Pooling = PoolingKind.MetaEol };
        var embedded = new TextEmbedder(model).Embed(Texts, options).Select(embedding => embedding.Vector).ToArray();

        Assert.Equal(1, calls);
        Assert.Contains(decoder.Prefixes, prefix => prefix.Disposed);
        Assert.Equal(new TextEmbedder(Model(new ScriptedDecoder(window: 400))).Embed(Texts, options).Select(embedding => embedding.Vector), embedded);
    }

    [Fact]
    public void What_did_not_fit_is_counted_by_device()
    {
        var counted = new List<(string, object?)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == Signals.Meter) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
        {
            var tagged = tags.ToArray().ToDictionary();
            if (tagged.GetValueOrDefault("gen_ai.request.model") is "counted") counted.Add((instrument.Name, tagged["rtmatch.engine.device"]));
        });
        listener.Start();
        ScriptedDecoder decoder = null!;
        decoder = new ScriptedDecoder { Device = "gpu:3", Prefilling = _ => Fail(decoder.Batches[^1].Length > 1) };
        new TextEmbedder(new LanguageModel("counted", "00", new ByteTokenizer(), decoder)).Embed(["a", "b"], new EmbeddingOptions());

        Assert.Equal(
            ["rtmatch.engine.out_of_memory", "rtmatch.engine.tokens", "rtmatch.engine.texts", "rtmatch.engine.tokens", "rtmatch.engine.texts"],
            counted.Select(measured => measured.Item1));
        Assert.All(counted, measured => Assert.Equal("gpu:3", measured.Item2));
    }

    [Fact]
    public void The_memory_of_a_device_is_told_once_for_as_long_as_a_model_is_there()
    {
        var told = new List<(string, object?, long)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == Signals.Meter && instrument.Name.StartsWith("rtmatch.engine.memory", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, bytes, tags, _) => told.Add((instrument.Name, tags[0].Value, bytes)));
        listener.Start();
        var first = Model(new ScriptedDecoder { Device = "gpu:8", Memory = new DeviceMemory(Free: 30, Total: 80) });
        var second = Model(new ScriptedDecoder { Device = "gpu:8", Memory = new DeviceMemory(Free: 30, Total: 80) });
        var silent = Model(new ScriptedDecoder { Device = "gpu:9" });

        listener.RecordObservableInstruments();
        Assert.Equal(
            [("rtmatch.engine.memory", "gpu:8", 50), ("rtmatch.engine.memory.limit", "gpu:8", 80)],
            told.Where(measured => measured.Item2 is "gpu:8" or "gpu:9"));
        Assert.Single(told, measured => measured.Item2 is "cpu");

        foreach (var model in new[] { first, second, silent }) model.Dispose();
        told.Clear();
        listener.RecordObservableInstruments();
        Assert.DoesNotContain(told, measured => measured.Item2 is "gpu:8");
    }

    private static void Fail(bool full)
    {
        if (full) throw new DeviceMemoryException("full");
    }

    private static float[][] Vectors(ScriptedDecoder decoder, EmbeddingOptions options) =>
        [.. new TextEmbedder(Model(decoder)).Embed(Texts, options).Select(embedding => embedding.Vector)];

    private static LanguageModel Model(ScriptedDecoder decoder) => new("scripted", "00", new ByteTokenizer(), decoder);
}
