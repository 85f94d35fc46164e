using Microsoft.Extensions.Logging.Abstractions;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Ingestion;

/// <summary>Workers, backends, items and people that stop half-way: the same rows in the end.</summary>
public class IngestionFaultTests
{
    private static readonly IngestionOptions Quick = new()
    {
        Poll = TimeSpan.FromMilliseconds(10), Backoff = TimeSpan.FromMilliseconds(1), MaxAttempts = 3, EmbedBatch = 8, ParseBatch = 4,
        ParseParallelism = 2,
    };

    [Fact]
    public async Task Backends_killed_all_the_time_cost_nothing_but_time()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(60);
        bench.Parsing = _ => Task.Delay(5);
        var id = await bench.StartAsync();

        var run = bench.RunAsync(id);
        var kills = 0;
        for (; !run.IsCompleted && kills < 8; kills++)
        {
            await bench.KillBackendsAsync();
            await Task.Delay(100);
        }

        var summary = await run;
        bench.Test.Source.Clear();      // of connections that were killed after the run's end
        Assert.True(kills > 0);
        Assert.Equal((IngestionState.Done, 60), (summary.State, summary.Counts.Embedded));
        await AssertCompleteAsync(bench, 60);
    }

    [Fact]
    public async Task Backends_killed_while_items_are_handed_in_lose_and_double_none()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(1);
        await bench.IngestAsync();

        var id = await bench.Service().StartAsync(new IngestionRequest(), Items(bench, 450));

        Assert.Equal(450, (await bench.RunAsync(id)).Counts.Embedded);
        Assert.Equal(451, await bench.CountAsync("select count(*) from documents"));

        static async IAsyncEnumerable<SourceItem> Items(IngestionBench bench, int count)
        {
            for (var i = 0; i < count; i++)
            {
                if (i % 150 == 149) await bench.KillBackendsAsync();
                yield return new SourceItem($"i{i}", "made", $"i{i}", System.Text.Encoding.UTF8.GetBytes($"item {i}"));
            }
        }
    }

    [Fact]
    public async Task Two_workers_at_once_do_everything_once()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(60);
        var id = await bench.StartAsync();

        await Task.WhenAll(bench.RunAsync(id), bench.RunAsync(id));

        Assert.Equal(60, bench.Parses);
        await AssertCompleteAsync(bench, 60);
    }

    [Fact]
    public async Task A_second_ingestion_of_the_same_files_takes_over_what_a_dead_one_left()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(20);
        var dead = await bench.StartAsync();

        // A worker that was killed: some items parsed, some under a lease that nobody renews.
        await bench.ExecuteAsync("""
            update items set lease_token = gen_random_uuid(), lease_until = now() + interval '10 minutes', attempts = 1 where id <= 8
            """);
        var next = await bench.IngestAsync();

        Assert.Equal((IngestionState.Done, 20), (next.State, next.Counts.Embedded));
        var left = (await bench.Service().ShowAsync(dead)).Summary;
        Assert.Equal((IngestionState.Cancelled, 20), (left.State, left.Counts.Cancelled));
        Assert.Equal(20, bench.Parses);
        await AssertCompleteAsync(bench, 20);
    }

    [Fact]
    public async Task An_ingestion_cut_off_while_handing_in_is_failed_and_the_next_one_does_its_items_once()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(5);
        var cut = bench.Service().StartAsync(new IngestionRequest(), CutOffAsync(bench));
        await Assert.ThrowsAsync<OperationCanceledException>(() => cut);

        var summary = Assert.Single(await bench.Service().ListAsync());
        Assert.Equal((IngestionState.Failed, false, 251), (summary.State, summary.Submitted, summary.Counts.Queued));
        var again = await bench.RunAsync(await bench.Service().StartAsync(new IngestionRequest(), Made(300)));

        Assert.Equal(300, again.Counts.Embedded);
        Assert.Equal(300, bench.Parses);
        Assert.Equal(250, (await bench.Service().ShowAsync(summary.Id)).Summary.Counts.Cancelled);       // all that came again

        static async IAsyncEnumerable<SourceItem> CutOffAsync(IngestionBench bench)
        {
            await foreach (var item in Made(250)) yield return item;
            yield return new SourceItem("half", "made", "half", new byte[9_000_000]);       // enough to hand in what came before
            throw new OperationCanceledException();
        }
    }

    private static async IAsyncEnumerable<SourceItem> Made(int count)
    {
        await Task.Yield();
        for (var i = 0; i < count; i++) yield return new SourceItem($"i{i}", "made", $"i{i}", System.Text.Encoding.UTF8.GetBytes($"item {i}"));
    }

    [Fact]
    public async Task Stopping_hands_leases_back_at_once_and_running_again_resumes()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(30);
        using var stop = new CancellationTokenSource();
        bench.Prefilling = number =>
        {
            if (number == 2) stop.Cancel();
        };
        var id = await bench.StartAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.RunAsync(id, stop.Token));

        Assert.Equal(0, await bench.CountAsync("select count(*) from items where lease_token is not null or attempts > 0"));
        bench.Prefilling = null;
        Assert.Equal(30, (await bench.RunAsync(id)).Counts.Embedded);
        await AssertCompleteAsync(bench, 30);
    }

    [Fact]
    public async Task An_item_that_always_fails_to_parse_is_dead_and_the_others_are_done()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(6);
        bench.Write("poison.txt", "poison");
        bench.Parsing = text => text == "poison" ? throw new FormatException("quotes the secret poison") : Task.CompletedTask;

        var summary = await bench.IngestAsync();
        var dead = Assert.Single((await bench.Service().ShowAsync(summary.Id, failedOnly: true)).Items);

        Assert.Equal((IngestionState.Done, 6, 1), (summary.State, summary.Counts.Embedded, summary.Counts.Dead));
        Assert.Equal((ItemStage.Dead, 3, "Parsing failed: FormatException."), (dead.Stage, dead.Attempts, dead.Detail));
        bench.Parsing = null;
        Assert.Equal(1, await bench.Service().RetryAsync(summary.Id));
        Assert.Equal(7, (await bench.RunAsync(summary.Id)).Counts.Embedded);
    }

    [Fact]
    public async Task An_item_that_fails_to_embed_fails_alone()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(6);
        bench.Write("poison.txt", "~");
        bench.Prefilling = _ =>
        {
            if (bench.Decoder.Batches[^1].Any(ids => ids.Contains('~'))) throw new ArithmeticException("~");
        };

        var summary = await bench.IngestAsync();

        Assert.Equal((6, 1), (summary.Counts.Embedded, summary.Counts.Dead));
        Assert.Equal("Embedding failed: ArithmeticException.",
            Assert.Single((await bench.Service().ShowAsync(summary.Id, failedOnly: true)).Items).Detail);
        Assert.Equal(6, await bench.CountAsync("select count(*) from vectors_1"));
    }

    [Fact]
    public async Task A_text_of_nothing_but_contacts_is_empty()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.Write("cv.txt", "someone@example.org");

        var item = Assert.Single((await bench.Service().ShowAsync((await bench.IngestAsync()).Id)).Items);

        Assert.Equal((ItemStage.Rejected, "empty"), (item.Stage, item.Outcome));
        Assert.DoesNotContain("example", item.Detail);
    }

    [Fact]
    public async Task A_parser_that_cannot_be_started_stops_the_run_and_blames_no_document()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(3);
        bench.Parsing = _ => throw new InvalidOperationException("no such program");
        var id = await bench.StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.RunAsync(id));

        Assert.Equal(3, (await bench.Service().ShowAsync(id)).Summary.Counts.Queued);
        bench.Parsing = null;
        Assert.Equal(3, (await bench.RunAsync(id)).Counts.Embedded);
    }

    [Fact]
    public async Task A_machine_without_an_engine_parses_for_one_with_it()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(5);
        var id = await bench.StartAsync();

        await using var none = new Engines(_ => throw new NotSupportedException("no engine here"), NullLogger.Instance);
        var parses = Quick with { Stages = IngestionStages.Parse };
        await using (var parser = new IngestionService(bench.Test.Database, parses, none) { Parse = bench.ParseAsync })
            Assert.Equal((IngestionState.Running, 5), await parser.RunAsync(id) is var half ? (half.State, half.Counts.Parsed) : default);

        Assert.Equal((IngestionState.Done, 5), await bench.RunAsync(id) is var done ? (done.State, done.Counts.Embedded) : default);
    }

    [Fact]
    public async Task Progress_ends_with_nothing_left()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(5);
        var id = await bench.StartAsync();
        var told = new List<IngestionProgress>();
        await using var service = bench.Service();

        await service.RunAsync(id, new Collect(told));

        Assert.Equal((5, 0), (told[^1].Counts.Embedded, told[^1].Counts.Open));
        Assert.Equal(told.Select(progress => progress.Counts.Embedded).Order(), told.Select(progress => progress.Counts.Embedded));
        Assert.True(told[^1].PerSecond > 0);
    }

    private sealed class Collect(List<IngestionProgress> told) : IProgress<IngestionProgress>
    {
        public void Report(IngestionProgress value) => told.Add(value);
    }

    /// <summary>Every document ranks with its only version, and nothing is there twice.</summary>
    private static async Task AssertCompleteAsync(IngestionBench bench, int documents)
    {
        Assert.Equal(documents, await bench.CountAsync("select count(*) from documents where current_version = 1"));
        Assert.Equal(documents, await bench.CountAsync("select count(*) from document_versions v join texts t using (tenant, content_hash) where t.outcome = 'ok'"));
        Assert.Equal(documents, await bench.CountAsync("""
            select count(*) from documents d join vectors_1 v on v.tenant = d.tenant and v.kind = d.kind and v.content_hash = d.content_hash
            """));
        Assert.Equal(0, await bench.CountAsync("select count(*) from items where lease_token is not null"));
    }
}
