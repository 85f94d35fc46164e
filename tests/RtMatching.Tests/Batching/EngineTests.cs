using System.Numerics.Tensors;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Tests.Batching;

/// <summary>Who shares a batch with whom, who goes first, and what waits outside.</summary>
public class EngineTests
{
    private const EnginePriority Person = EnginePriority.Interactive;
    private const EnginePriority Bulk = EnginePriority.Background;

    [Fact]
    public async Task What_somebody_waits_for_goes_first_and_what_waits_together_is_one_batch()
    {
        await using var bench = new EngineBench();
        var sent = new List<Task> { await bench.HoldAsync() };
        foreach (var (text, priority) in new[] { ("bulk 1", Bulk), ("person 1", Person), ("bulk 2", Bulk), ("person 2", Person) })
            sent.Add(await bench.StandAsync(text, priority));
        bench.Release();
        await Task.WhenAll(sent);

        Assert.Equal([["person 1", "person 2"], ["bulk 1", "bulk 2"]], bench.Batches);
    }

    [Fact]
    public async Task Only_equal_options_share_a_batch_wherever_they_stand_in_line()
    {
        await using var bench = new EngineBench();
        var other = EngineBench.Plain with { Dimension = 4 };
        var sent = new List<Task> { await bench.HoldAsync() };
        (string, EmbeddingOptions)[] sends = [("a", EngineBench.Plain), ("b", other), ("c", new EmbeddingOptions()), ("d", other with { })];
        foreach (var (text, options) in sends) sent.Add(await bench.StandAsync(text, Bulk, options));
        bench.Release();
        await Task.WhenAll(sent);

        Assert.Equal([["a", "c"], ["b", "d"]], bench.Batches);
    }

    [Fact]
    public async Task Background_work_gets_a_quarter_of_the_time_while_others_never_stop_coming()
    {
        var time = new ManualTime();
        await using var bench = new EngineBench(time: time) { Running = _ => time.Advance(TimeSpan.FromSeconds(1)) };
        var sent = new List<Task> { await bench.HoldAsync(), await bench.StandAsync("bulk", Bulk) };
        for (var i = 0; i < 8; i++) sent.Add(await bench.StandAsync("person", Person, EngineBench.Plain with { Instruction = $"{i}" }));
        bench.Release();
        await Task.WhenAll(sent);

        Assert.Equal(3, bench.Batches.ToList().FindIndex(batch => batch is ["bulk"]));
        Assert.Equal(9, bench.Batches.Count);
    }

    [Fact]
    public async Task A_batch_keeps_to_its_budget_and_a_request_larger_than_it_comes_back_whole()
    {
        await using var bench = new EngineBench(new EngineSettings { BackgroundBatchTokens = 20 });
        string[] texts = [.. Enumerable.Range(0, 30).Select(i => new string((char)('a' + i % 26), 1 + i % 9))];

        var embeddings = await bench.Engine.EmbedAsync(texts, EngineBench.Plain, Bulk);

        Assert.All(bench.Decoder.Batches, batch => Assert.InRange(batch.Sum(ids => ids.Length), 1, 20));
        for (var i = 0; i < texts.Length; i++) Assert.Equal(await bench.EmbedAsync(texts[i]), embeddings[i].Vector);
    }

    [Fact]
    public async Task A_batch_that_is_not_full_takes_a_part_of_the_next_request()
    {
        await using var bench = new EngineBench(new EngineSettings { BackgroundBatchTokens = 8 });
        var held = await bench.HoldAsync();
        var first = bench.Engine.EmbedAsync(["aaa", "bbb", "ccc"], EngineBench.Plain, Bulk);
        await EngineBench.UntilAsync(() => bench.Engine.Waiting == 1);
        var second = bench.Engine.EmbedAsync(["ddd", "eee", "fff"], EngineBench.Plain, Bulk);
        await EngineBench.UntilAsync(() => bench.Engine.Waiting == 2);
        bench.Release();
        await Task.WhenAll(held, first, second);

        Assert.Equal([["aaa", "bbb"], ["ccc", "ddd"], ["eee", "fff"]], bench.Batches);
    }

    [Fact]
    public async Task A_large_request_does_not_hold_up_the_small_ones_behind_it()
    {
        await using var bench = new EngineBench(new EngineSettings { InteractiveBatchTokens = 40 });
        var held = await bench.HoldAsync();
        var large = bench.Engine.EmbedAsync([.. Enumerable.Range(0, 80).Select(_ => "large")], EngineBench.Plain, Person);
        await EngineBench.UntilAsync(() => bench.Engine.Waiting == 1);
        var small = await bench.StandAsync("small", Person);
        bench.Release();
        await Task.WhenAll(held, large, small);

        Assert.Equal(1, bench.Batches.ToList().FindIndex(batch => batch.Contains("small")));
        Assert.True(bench.Batches.Count > 10);
    }

    [Fact]
    public async Task A_sender_waits_where_the_line_is_full_and_one_who_gives_up_leaves_it()
    {
        await using var bench = new EngineBench(new EngineSettings { BackgroundTexts = 3 });
        using var patience = new CancellationTokenSource();
        var sent = new List<Task> { await bench.HoldAsync(), await bench.StandAsync("a"), await bench.StandAsync("b") };
        var given = bench.EmbedAsync("given up", cancellation: patience.Token);
        sent.Add(bench.EmbedAsync("c"));
        Assert.Equal((2, 2, 3), (bench.Engine.WaitingForRoom(Bulk), bench.Engine.Waiting, bench.Engine.Texts(Bulk)));
        var person = await bench.StandAsync("a person has a line of its own", Person);

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        bench.Release();
        await Task.WhenAll([.. sent, person]);

        Assert.DoesNotContain("given up", bench.Batches.SelectMany(batch => batch));
        Assert.Equal((0, 0), (bench.Engine.WaitingForRoom(Bulk), bench.Engine.Texts(Bulk)));
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_backlog()
    {
        await using var bench = new EngineBench(new EngineSettings { BackgroundTexts = 100, BackgroundCharacters = 60 });
        var held = await bench.HoldAsync();
        var backlog = Enumerable.Range(0, 1000).Select(_ => bench.EmbedAsync("ten chars.")).ToList();
        await EngineBench.UntilAsync(() => bench.Engine.Waiting == 5);

        Assert.Equal((6, 995), (bench.Engine.Texts(Bulk), bench.Engine.WaitingForRoom(Bulk)));
        bench.Release();
        await Task.WhenAll([held, .. backlog]);
    }

    [Fact]
    public async Task What_is_larger_than_all_the_room_is_let_in_alone()
    {
        await using var bench = new EngineBench(new EngineSettings { BackgroundTexts = 2, BackgroundCharacters = 10 });
        string[] texts = ["a long text", "another one", "and more"];
        var all = Enumerable.Range(0, 5).Select(_ => bench.Engine.EmbedAsync(texts, EngineBench.Plain, Bulk));

        Assert.All(await Task.WhenAll(all), embeddings => Assert.Equal(3, embeddings.Count));
    }

    [Fact]
    public async Task Who_gives_up_in_line_is_not_run()
    {
        await using var bench = new EngineBench();
        using var patience = new CancellationTokenSource();
        var held = await bench.HoldAsync();
        var given = await bench.StandAsync("given up", cancellation: patience.Token);
        var stays = await bench.StandAsync("stays");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        bench.Release();
        await Task.WhenAll(held, stays);

        Assert.Equal([["stays"]], bench.Batches);
    }

    [Fact]
    public async Task A_text_that_fails_fails_for_its_sender_alone()
    {
        await using var bench = new EngineBench { Running = texts => { if (texts.Contains("~")) throw new ArithmeticException("~"); } };
        var held = await bench.HoldAsync();
        var good = await bench.StandAsync("good");
        var bad = await bench.StandAsync("~");
        var other = await bench.StandAsync("other");
        bench.Release();

        await Assert.ThrowsAsync<ArithmeticException>(() => bad);
        await Task.WhenAll(held, good, other);
        await Assert.ThrowsAsync<ArgumentException>(() => bench.EmbedAsync(null!));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.EmbedAsync("text", Bulk, new EmbeddingOptions { Dimension = 9 }));
        Assert.Null(bench.Engine.Problem);
    }

    [Fact]
    public async Task Disposal_finishes_what_waits_and_lets_nobody_else_in()
    {
        var bench = new EngineBench(new EngineSettings { BackgroundTexts = 2 });
        var sent = new List<Task> { await bench.HoldAsync(), await bench.StandAsync("in line"), bench.EmbedAsync("outside") };
        var disposal = bench.Engine.DisposeAsync().AsTask();

        var error = await Assert.ThrowsAsync<EngineFailedException>(() => bench.EmbedAsync("late"));
        Assert.Contains("stopping", error.Message);
        Assert.False(disposal.IsCompleted);
        bench.Release();
        await Task.WhenAll(sent);
        await disposal;
    }

    /// <summary>Random requests of both kinds at once, with the built-in model: what each gets is what it gets alone.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_shared_batch_gives_what_each_text_gives_alone(int seed)
    {
        var random = new Random(seed);
        EmbeddingOptions[] options =
        [
            new(), new() { Iterations = 3 }, new() { Pooling = PoolingKind.MetaEol, Dimension = 64 }, new() { Pooling = PoolingKind.Mean },
        ];
        string[] words = ["nurse", "kept", "records", "kitchen", "经验", "welding", "teaches", "C#", "for", "years"];
        var alone = new TextEmbedder(LanguageModel.Load(null));
        var settings = new EngineSettings { BackgroundBatchTokens = 100, InteractiveBatchTokens = 150 };
        await using var engine = new Engine(LanguageModel.Load(null), settings);
        var sent = Enumerable.Range(0, 40).Select(_ =>
        {
            string[] texts = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Text(random.Next(1, 40)))];
            var chosen = options[random.Next(options.Length)] with { };
            return (texts, chosen, Embeddings: engine.EmbedAsync(texts, chosen, random.Next(2) == 0 ? Person : Bulk));
        }).ToList();

        foreach (var (texts, chosen, embeddings) in sent)
            foreach (var (text, embedding) in texts.Zip(await embeddings))
                Assert.True(TensorPrimitives.CosineSimilarity(alone.Embed([text], chosen)[0].Vector, embedding.Vector) > 0.99999);
        alone.Model.Dispose();

        string Text(int length) => string.Join(' ', random.GetItems(words, length));
    }
}
