using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Batching;

/// <summary>A model on several devices: who runs what, and what becomes of the others' work where one fails.</summary>
public class EngineDevicesTests
{
    private const EnginePriority Person = EnginePriority.Interactive;
    private const EnginePriority Bulk = EnginePriority.Background;
    private const string Poison = "~";

    private static readonly EngineSettings Quick = new() { FirstPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromMilliseconds(20) };
    private static readonly EngineSettings Forever = new() { FirstPause = TimeSpan.FromHours(1) };
    private static readonly string[] Texts = [.. Enumerable.Range(0, 40).Select(i => new string((char)('a' + i % 26), 1 + i % 9))];

    private readonly bool[] _isGone = new bool[3];

    [Fact]
    public async Task Devices_run_side_by_side_and_each_text_gets_its_own_embedding()
    {
        await using var bench = new EngineBench(new EngineSettings { BackgroundBatchTokens = 20 }, devices: 2);
        await SideBySideAsync(bench);

        Assert.All(bench.Engine.Model.Replicas.Append(bench.Engine.Model), model => Assert.True(model.Texts > 0));
        Assert.Equal(Texts.Length, bench.Engine.Model.Texts);
        Assert.Equal(Texts.Sum(text => text.Length + 1), bench.Engine.Model.Tokens);
    }

    [Fact]
    public async Task Devices_that_wait_share_what_one_could_hold()
    {
        await using var bench = new EngineBench(devices: 2, batchTokens: 60_000);
        await EngineBench.UntilAsync(() => bench.Engine.Idle == 2);
        using var both = new Barrier(2);
        bench.Running = _ => Assert.True(both.SignalAndWait(EngineBench.Patience));
        await bench.Engine.EmbedAsync([.. Enumerable.Repeat(new string('x', 59), 200)], EngineBench.Plain, Bulk);

        Assert.All(bench.Decoders, decoder => Assert.Equal(100, Assert.Single(decoder.Batches).Length));
    }

    [Fact]
    public async Task A_device_that_fails_is_left_out_while_another_does_its_work_and_comes_back()
    {
        await using var bench = Bench(Quick with { BackgroundBatchTokens = 20 }, 2);
        var (held, free) = await HoldOneAsync(bench);
        _isGone[free] = true;
        var moved = bench.EmbedAsync("moved");
        await EngineBench.UntilAsync(() => bench.Engine.Warning is not null);

        Assert.Equal($"scripted embeds on 1 of 2 devices at present: gpu:{free}: IOException: The device is gone.", bench.Engine.Warning);
        Assert.Null(bench.Engine.Problem);
        bench.Engine.ThrowIfFailed();
        bench.Release();
        Assert.Equal(Alone("moved"), await moved);
        await held;

        _isGone[free] = false;
        await EngineBench.UntilAsync(() => bench.Engine.Warning is null);
        await SideBySideAsync(bench);
    }

    [Fact]
    public async Task Whoever_shared_the_batch_of_a_device_that_failed_gets_theirs_from_another()
    {
        await using var bench = Bench(Forever, 2);
        var (held, free) = await HoldOneAsync(bench);
        _isGone[free] = true;
        var sent = Enumerable.Range(0, 10).Select(i => bench.Engine.EmbedAsync([$"a{i}", $"b{i}"], EngineBench.Plain, i % 2 == 0 ? Person : Bulk)).ToList();
        await EngineBench.UntilAsync(() => bench.Engine.Warning is not null);
        Assert.All(sent, request => Assert.False(request.IsCompleted));
        bench.Release();

        for (var i = 0; i < sent.Count; i++)
            Assert.Equal([Alone($"a{i}"), Alone($"b{i}")], (await sent[i]).Select(embedding => embedding.Vector));
        await held;
    }

    [Fact]
    public async Task A_device_whose_arithmetic_is_broken_is_left_out_too()
    {
        await using var bench = Bench(Forever, 2);
        var (held, free) = await HoldOneAsync(bench);
        bench.Decoders[free].IsDamaged = true;
        var moved = bench.EmbedAsync("moved", Person);
        await EngineBench.UntilAsync(() => bench.Engine.Warning is not null);
        bench.Release();

        Assert.Equal(Alone("moved"), await moved);
        await held;
        Assert.Contains($"gpu:{free}: InvalidOperationException", bench.Engine.Warning);
    }

    [Fact]
    public async Task Where_none_works_everybody_is_told_and_one_that_comes_back_is_enough()
    {
        await using var bench = Bench(Quick, 2);
        var held = await bench.HoldAsync();
        Array.Fill(_isGone, true);
        var waiting = bench.EmbedAsync("text");
        await EngineBench.UntilAsync(() => bench.Engine.Warning is not null);
        bench.Release();

        foreach (var sent in new[] { held, waiting }) await Assert.ThrowsAsync<EngineFailedException>(() => sent);
        Assert.Equal("scripted embeds nothing at present: gpu:0, gpu:1: IOException: The device is gone.", bench.Engine.Problem);
        Assert.Null(bench.Engine.Warning);
        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("late"));

        _isGone[1] = false;
        await EngineBench.UntilAsync(() => bench.Engine.Problem is null);
        Assert.StartsWith("scripted embeds on 1 of 2 devices at present: gpu:0: ", bench.Engine.Warning);
        Assert.Equal(Alone("text"), await bench.EmbedAsync("text"));
    }

    [Fact]
    public async Task A_text_that_breaks_devices_is_blamed_before_it_has_broken_all_and_nobody_beside_it_is()
    {
        await using var bench = Bench(Forever, 3);
        var sent = new List<Task> { await bench.HoldAsync(), await bench.HoldAsync(), await bench.HoldAsync() };
        sent.Add(await bench.StandAsync("a"));
        var poison = await bench.StandAsync(Poison);
        sent.Add(await bench.StandAsync("b"));
        bench.Release();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => poison);
        Assert.Equal("2 devices failed as they ran it: it is not tried on another one.", error.Message);
        await Task.WhenAll(sent);
        Assert.StartsWith("scripted embeds on 1 of 3 devices", bench.Engine.Warning);
        Assert.Equal(Alone("next"), await bench.EmbedAsync("next"));
    }

    [Fact]
    public async Task A_text_that_fails_where_the_device_works_is_tried_on_no_other()
    {
        await using var bench = new EngineBench(devices: 3) { Running = texts => { if (texts.Contains(Poison)) throw new ArithmeticException(); } };
        await Assert.ThrowsAsync<ArithmeticException>(() => bench.EmbedAsync(Poison));

        Assert.Single(bench.Decoders.SelectMany(decoder => decoder.Batches), batch => batch[0][0] == new ByteTokenizer().Encode(Poison)[0]);
        Assert.Null(bench.Engine.Warning);
    }

    [Fact]
    public async Task While_people_wait_no_second_device_begins_background_work()
    {
        using var person = new ManualResetEventSlim();
        await using var bench = new EngineBench(devices: 2);
        var sent = new List<Task> { await bench.HoldAsync(), await bench.HoldAsync() };
        foreach (var (text, priority, width) in new[] { ("bulk 1", Bulk, 8), ("bulk 2", Bulk, 4), ("person", Person, 8) })
            sent.Add(await bench.StandAsync(text, priority, EngineBench.Plain with { Dimension = width }));
        bench.Running = texts =>
        {
            if (texts is ["person"]) person.Set();
            else if (texts is not [EngineBench.Held]) Assert.True(person.Wait(EngineBench.Patience));
        };
        bench.Release();
        await Task.WhenAll(sent);
    }

    [Fact]
    public async Task A_budget_that_shrinks_is_kept_to_from_the_next_batch_on()
    {
        await using var bench = new EngineBench(batchTokens: 40);
        bench.Running = _ => bench.Decoder.BatchTokens = 12;
        await bench.Engine.EmbedAsync(Texts, EngineBench.Plain, Bulk);

        var tokens = bench.Decoder.Batches.Select(batch => batch.Sum(ids => ids.Length)).ToList();
        Assert.InRange(tokens[0], 31, 40);
        Assert.All(tokens.Skip(1), count => Assert.InRange(count, 1, 12));
    }

    [Fact]
    public async Task Each_device_gathers_by_its_own_budget()
    {
        await using var bench = new EngineBench(devices: 2, batchTokens: 40);
        bench.Decoders[1].BatchTokens = 12;
        await SideBySideAsync(bench);

        Assert.InRange(bench.Decoders[0].Batches.Max(batch => batch.Sum(ids => ids.Length)), 31, 40);
        Assert.All(bench.Decoders[1].Batches, batch => Assert.InRange(batch.Sum(ids => ids.Length), 1, 12));
    }

    [Fact]
    public async Task A_batch_that_does_not_fit_its_device_loses_nothing_and_is_no_failure()
    {
        await using var bench = new EngineBench(devices: 2);
        bench.RunningOn = (device, _) =>
        {
            if (bench.Decoders[device].Batches[^1].Sum(ids => ids.Length) > 25) throw new DeviceMemoryException("full");
        };
        var embeddings = await bench.Engine.EmbedAsync(Texts, EngineBench.Plain, Bulk);
        Assert.Equal(Texts.Select(Alone), embeddings.Select(embedding => embedding.Vector));

        var error = await Assert.ThrowsAsync<ArgumentException>(() => bench.EmbedAsync(new string('x', 30)));
        Assert.Matches("A text of 31 tokens does not fit the memory of gpu:[01], even by itself. Cut it", error.Message);
        Assert.Equal((null, null), (bench.Engine.Problem, bench.Engine.Warning));
    }

    [Fact]
    public async Task Disposal_waits_for_every_device_that_works_and_for_none_that_does_not()
    {
        var bench = Bench(Forever, 3);
        var sent = new List<Task> { await bench.HoldAsync(), await bench.HoldAsync() };
        Array.Fill(_isGone, true);
        var moved = bench.EmbedAsync("moved");
        await EngineBench.UntilAsync(() => bench.Engine.Warning is not null);
        Array.Fill(_isGone, false);
        var disposal = bench.Engine.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("late"));
        Assert.False(disposal.IsCompleted);

        bench.Release();
        await Task.WhenAll([.. sent, moved]);
        await disposal.WaitAsync(EngineBench.Patience);
    }

    /// <summary>Random requests of both kinds at once, while a device goes and comes back and nothing fits: what each gets is what it gets alone.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_fails_meanwhile_each_text_gets_its_own_embedding(int seed)
    {
        var random = new Random(seed);
        await using var bench = new EngineBench(Quick with { BackgroundBatchTokens = 30, InteractiveBatchTokens = 50 }, devices: 3);
        var (calls, probes) = (0, 0);
        bench.RunningOn = (device, texts) =>
        {
            // The second device fails in its second batch and in the three probes after it; no batch of more than three texts fits any.
            var fails = device == 1 && (texts is ["ready"] ? ++probes <= 3 : ++calls == 2);
            if (fails) throw new IOException("The device is gone.");
            if (bench.Decoders[device].Batches[^1].Length > 3) throw new DeviceMemoryException("full");
        };
        var sent = Enumerable.Range(0, 60).Select(_ =>
        {
            string[] texts = random.GetItems(Texts, random.Next(1, 8));
            return (texts, Embeddings: bench.Engine.EmbedAsync(texts, EngineBench.Plain, random.Next(2) == 0 ? Person : Bulk));
        }).ToList();

        foreach (var (texts, embeddings) in sent)
            Assert.Equal(texts.Select(Alone), (await embeddings).Select(embedding => embedding.Vector));

        // The others may have ended every request before the device that failed is probed for the first time.
        await EngineBench.UntilAsync(() => calls < 2 || (probes == 4 && bench.Engine.Warning is null));
        Assert.Null(bench.Engine.Problem);
        Assert.Equal((0, 0), (bench.Engine.Texts(Bulk), bench.Engine.Texts(Person)));
    }

    private EngineBench Bench(EngineSettings settings, int devices) => new(settings, devices: devices)
    {
        RunningOn = (device, texts) =>
        {
            if (texts.Contains(Poison)) _isGone[device] = true;
            if (_isGone[device]) throw new IOException("The device is gone.");
        },
    };

    /// <summary>Of two devices one is held up: which of them is free?</summary>
    private static async Task<(Task Held, int Free)> HoldOneAsync(EngineBench bench)
    {
        var held = await bench.HoldAsync();
        return (held, bench.Decoders[0].Batches.Count == 0 ? 0 : 1);
    }

    /// <summary>Two devices are in a forward at the same time, and every text comes back as itself.</summary>
    private static async Task SideBySideAsync(EngineBench bench)
    {
        using var both = new Barrier(2);
        var met = new bool[2];
        bench.RunningOn = (device, _) =>
        {
            if (!met[device]) met[device] = both.SignalAndWait(EngineBench.Patience);
            Assert.True(met[device]);
        };
        var embeddings = await bench.Engine.EmbedAsync(Texts, EngineBench.Plain, Bulk);
        Assert.Equal(Texts.Select(Alone), embeddings.Select(embedding => embedding.Vector));
        Assert.Equal([true, true], met);
    }

    private static float[] Alone(string text) =>
        new TextEmbedder(new LanguageModel("alone", "00", new ByteTokenizer(suffix: [0]), new ScriptedDecoder())).Embed([text], EngineBench.Plain)[0].Vector;
}
