using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Tests.Ingestion;

/// <summary>A server's worker: every open ingestion, whoever started it, whatever goes wrong with one of them.</summary>
public class IngestionLoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly IngestionOptions Quick = new()
    {
        Poll = TimeSpan.FromMilliseconds(20), Backoff = TimeSpan.FromMilliseconds(1), MaxAttempts = 3, EmbedBatch = 8, ParseBatch = 2,
        ParseParallelism = 2,
    };

    // Would be noticed: no test waits for so long.
    private static readonly IngestionOptions NeverPolls = Quick with { Poll = TimeSpan.FromMinutes(10) };

    [Fact]
    public async Task Every_open_ingestion_is_worked_on_and_ended()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var ids = new List<long>();
        foreach (var (tenant, profile) in new[] { ("default", "jd2cv"), ("other", "jd2cv"), ("default", "second") })
            ids.Add(await bench.Service().StartAsync(
                new IngestionRequest { Tenant = tenant, Profile = profile, Source = profile }, Made($"{tenant} {profile}", 5)));
        await using var run = Running.Start(bench, Quick);

        foreach (var id in ids) Assert.Equal(5, (await EndAsync(bench, id)).Counts.Embedded);
        Assert.Equal(5, await bench.CountAsync("select count(*) from vectors_2"));
        Assert.Empty(run.Troubles);
    }

    [Fact]
    public async Task New_work_starts_when_the_loop_is_woken_and_ends_without_a_poll()
    {
        await using var bench = await IngestionBench.CreateAsync(NeverPolls);
        await using var run = Running.Start(bench, NeverPolls);
        await Task.Delay(100);              // it has looked around and sleeps
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("new", 9));
        run.Loop.Wake();

        Assert.Equal((IngestionState.Done, 9), await EndAsync(bench, id) is var end ? (end.State, end.Counts.Embedded) : default);
    }

    [Fact]
    public async Task A_small_ingestion_does_not_wait_behind_a_large_one()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var large = await bench.Service().StartAsync(new IngestionRequest(), Made("large", 60));
        var small = await bench.Service().StartAsync(new IngestionRequest { Kind = DocumentKind.Job }, Made("small", 4));
        var parsed = new ConcurrentQueue<string>();
        bench.Parsing = text =>
        {
            parsed.Enqueue(text);
            return Task.CompletedTask;
        };
        await using var run = Running.Start(bench, Quick);
        await EndAsync(bench, small);
        await EndAsync(bench, large);

        // Two parsers take two each in turn, so that the small one's last is at most among the first ten or so.
        Assert.InRange(parsed.ToList().FindLastIndex(text => text.StartsWith("small", StringComparison.Ordinal)), 0, 20);
    }

    [Fact]
    public async Task An_ingestion_whose_model_is_missing_waits_and_the_others_go_on()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var broken = await bench.Service().StartAsync(new IngestionRequest { Profile = "broken", ModelPath = "gone" }, Made("broken", 3));
        var sound = await bench.Service().StartAsync(new IngestionRequest(), Made("sound", 20));
        await using var engines = new Engines(
            path => path is null ? bench.Model : throw new InvalidModelException($"{path}: there is no model. Put it back."), NullLogger.Instance);
        await using var run = Running.Start(bench, Quick, engines);

        Assert.Equal(20, (await EndAsync(bench, sound)).Counts.Embedded);
        Assert.Equal(3, (await bench.Service().ShowAsync(broken)).Summary.Counts.Parsed);
        Assert.InRange(run.Troubles.Count(trouble => trouble.IngestionId == broken), 1, 6);       // it pauses for a second, then two
        Assert.Contains("Put it back", run.Troubles.First().Message);
        Assert.Equal(0, await bench.CountAsync($"select count(*) from items where ingestion_id = {broken} and attempts > 0"));
    }

    [Fact]
    public async Task An_engine_that_fails_is_waited_for_and_no_item_is_blamed()
    {
        var gone = false;
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.Prefilling = number =>
        {
            if (number == 2) Volatile.Write(ref gone, true);
            if (Volatile.Read(ref gone)) throw new IOException("worked as a secret");
        };
        await using var engines = new Engines(
            _ => bench.Model, NullLogger.Instance, new EngineSettings { FirstPause = TimeSpan.FromMilliseconds(50) });
        var ids = new List<long>();
        foreach (var tenant in new[] { "default", "other" })
            ids.Add(await bench.Service().StartAsync(new IngestionRequest { Tenant = tenant, Source = tenant }, Made(tenant, 30)));
        await using var run = Running.Start(bench, Quick, engines);
        await UntilAsync(async () => run.Troubles.Count >= 2
            && await bench.CountAsync("select count(*) from items where stage = 'queued' or lease_token is not null") == 0);

        Assert.Equal(0, await bench.CountAsync("select count(*) from items where attempts > 0 or stage = 'dead'"));
        Assert.All(run.Troubles, trouble => Assert.Contains("scripted embeds nothing at present", trouble.Message));
        Volatile.Write(ref gone, false);
        foreach (var id in ids) Assert.Equal(30, (await EndAsync(bench, id)).Counts.Embedded);
    }

    [Fact]
    public async Task A_database_that_refuses_everybody_for_a_while_stops_nothing_for_good()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.Parsing = _ => Task.Delay(10);
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("lasting", 60));
        await using var run = Running.Start(bench, Quick);
        while (bench.Parses < 10) await Task.Delay(5);
        await bench.RefuseConnectionsAsync(TimeSpan.FromMilliseconds(500));

        Assert.Equal((60, 0), await EndAsync(bench, id) is var end ? (end.Counts.Embedded, end.Counts.Dead) : default);
        Assert.Equal(60, await bench.CountAsync("select count(*) from vectors_1"));
    }

    [Fact]
    public async Task Two_loops_share_the_work_and_do_it_once()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("shared", 60));
        await using var one = Running.Start(bench, Quick);
        await using var other = Running.Start(bench, Quick);

        Assert.Equal(60, (await EndAsync(bench, id)).Counts.Embedded);
        Assert.Equal((60, 60), (bench.Parses, bench.Embeds));
    }

    [Fact]
    public async Task One_parses_and_another_embeds()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("passed on", 20));
        await using var none = new Engines(_ => throw new NotSupportedException("no engine"), NullLogger.Instance);
        await using var parser = Running.Start(bench, Quick with { Stages = IngestionStages.Parse }, none);
        while ((await bench.Service().ShowAsync(id)).Summary.Counts.Parsed < 20) await Task.Delay(5);
        await using var engine = Running.Start(bench, Quick with { Stages = IngestionStages.Embed });

        Assert.Equal(20, (await EndAsync(bench, id)).Counts.Embedded);
        Assert.Empty(parser.Troubles);
    }

    [Fact]
    public async Task Stopping_finishes_what_is_leased_and_leases_no_more()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("stopped", 60));
        var begun = new TaskCompletionSource();
        bench.Parsing = async _ =>
        {
            begun.TrySetResult();
            await Task.Delay(50);
        };
        await using (var run = Running.Start(bench, Quick))
        {
            await begun.Task;
            await run.StopAsync();
        }

        var counts = (await bench.Service().ShowAsync(id)).Summary.Counts;
        Assert.InRange(bench.Parses, 2, 8);
        Assert.Equal(bench.Parses, counts.Parsed + counts.Embedded);
        Assert.Equal(0, await bench.CountAsync("select count(*) from items where lease_token is not null or attempts > 0"));
    }

    [Fact]
    public async Task Aborting_hands_back_what_is_leased()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        await bench.Service().StartAsync(new IngestionRequest(), Made("aborted", 6));
        var begun = new TaskCompletionSource();
        bench.Parsing = _ =>
        {
            begun.TrySetResult();
            return new TaskCompletionSource().Task.WaitAsync(bench.Abort.Token);
        };
        await using var run = Running.Start(bench, Quick);
        await begun.Task;
        await run.AbortAsync();

        Assert.Equal(6, await bench.CountAsync("select count(*) from items where lease_token is null and attempts = 0 and stage = 'queued'"));
    }

    [Fact]
    public async Task An_ingestion_is_worked_on_while_it_is_still_handed_in()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        await using var run = Running.Start(bench, Quick);
        var rest = new TaskCompletionSource();
        var submission = bench.Service().StartAsync(new IngestionRequest(), Slowly());
        await UntilAsync(async () => await bench.CountAsync("select count(*) from items where stage = 'embedded'") >= 200);
        Assert.Equal(1, await bench.CountAsync("select count(*) from ingestions where state = 'running' and not submitted"));
        rest.SetResult();

        Assert.Equal(205, (await EndAsync(bench, await submission)).Counts.Embedded);

        async IAsyncEnumerable<SourceItem> Slowly()
        {
            await foreach (var item in Made("slow", 200)) yield return item;
            await rest.Task;
            await foreach (var item in Made("late", 5)) yield return item;
        }
    }

    [Fact]
    public async Task What_a_dead_submitter_left_is_finished_and_told_as_failed()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("left", 3));
        await bench.RunAsync(id);
        await bench.ExecuteAsync("""
            update ingestions set state = 'pending', submitted = false, finished_at = null, created_at = now() - interval '1 hour';
            update items set created_at = now() - interval '1 hour'
            """);
        await using var run = Running.Start(bench, Quick);

        Assert.Equal(IngestionState.Failed, (await EndAsync(bench, id)).State);
    }

    [Fact]
    public async Task Documents_that_came_for_an_older_version_are_embedded_for_the_active_one_too()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        var id = await bench.Service().StartAsync(new IngestionRequest(), Made("switched", 4));
        var profiles = new Core.Storage.ProfileStore(bench.Test.Database);
        var next = await profiles.SaveAsync((await profiles.ListAsync()).Single().Profile with { Iterations = 3 });      // active: the first holds nothing
        await using var run = Running.Start(bench, Quick);

        Assert.Equal(4, (await EndAsync(bench, id)).Counts.Embedded);
        await UntilAsync(async () => await bench.CountAsync($"select count(*) from vectors_{next.Id}") == 4);
        await UntilAsync(async () => await bench.CountAsync("select count(*) from ingestions where reembed and state = 'done'") == 1);
    }

    private static async IAsyncEnumerable<SourceItem> Made(string what, int count)
    {
        await Task.Yield();
        for (var i = 0; i < count; i++)
            yield return new SourceItem($"{what} {i}", "made", $"{what} {i}", System.Text.Encoding.UTF8.GetBytes($"{what} item {i}"));
    }

    private static async Task<IngestionSummary> EndAsync(IngestionBench bench, long id)
    {
        IngestionSummary? summary = null;
        await UntilAsync(async () => (summary = (await bench.Service().ShowAsync(id)).Summary).FinishedAt is not null);
        return summary!;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await holds()) await Task.Delay(10, patience.Token);
    }

    /// <summary>A loop that runs in the background; stopped at the end.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly CancellationTokenSource _abort;
        private readonly Task _run;

        private Running(IngestionBench bench, IngestionOptions options, Engines? engines)
        {
            _abort = bench.Abort;
            Loop = new IngestionLoop(bench.Test.Database, options, engines ?? bench.Engines, Troubles.Enqueue) { Parse = bench.ParseAsync };
            _run = Loop.RunAsync(_stop.Token, _abort.Token);
        }

        public ConcurrentQueue<IngestionTrouble> Troubles { get; } = [];
        public IngestionLoop Loop { get; }

        public static Running Start(IngestionBench bench, IngestionOptions options, Engines? engines = null) =>
            new(bench, options, engines);

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _run.WaitAsync(Patience);
        }

        public async Task AbortAsync()
        {
            await _abort.CancelAsync();
            await StopAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            await Loop.DisposeAsync();
        }
    }
}
