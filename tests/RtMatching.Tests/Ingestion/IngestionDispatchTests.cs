using RtMatching.Core.Ingestion;
using RtMatching.Inference.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Ingestion;

/// <summary>One ingestion brought to its end by stations that come and go, have no room, fail, refuse, leave and die.</summary>
public class IngestionDispatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // An item that is blamed once is dead.
    private static readonly IngestionOptions Blaming = StationBench.Quick with { MaxAttempts = 1 };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Stations_bring_an_ingestion_to_its_end(int stations)
    {
        await using var bench = await StationBench.CreateAsync();
        for (var i = 0; i < stations; i++) bench.Add($"silo{i}");
        var id = await bench.StartAsync(150);

        Assert.Equal(DispatchEnd.Ended, await RunAsync(bench.Dispatch(), id));

        await bench.AssertCompleteAsync(150);
        Assert.Equal((150, 150), (bench.Bench.Parses, bench.Embeds));
        Assert.Equal(stations, bench.Calls.Select(call => call.Station).Distinct().Count());
        Assert.Empty(bench.Troubles);
    }

    [Fact]
    public async Task Items_are_claimed_by_the_chunk_and_not_by_the_batch()
    {
        await using var bench = await StationBench.CreateAsync(StationBench.Quick with { Poll = TimeSpan.FromMinutes(1) });
        bench.Add("silo", window: 8, size: 2, capacity: 16);
        var id = await bench.StartAsync(160);
        var dispatch = bench.Dispatch();

        await RunAsync(dispatch, id);

        await bench.AssertCompleteAsync(160);
        Assert.InRange(bench.Calls.Count, 160, 240);            // 80 batches to parse, 80 to embed; those at the end may be smaller
        Assert.InRange(dispatch.State.Claims, 10, 60);          // of 16 batches at most, of 8 at least where so many wait
    }

    [Fact]
    public async Task Batches_have_the_size_that_their_station_wants()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("small", size: 2);
        bench.Add("large", size: 30);

        await RunAsync(bench.Dispatch(), await bench.StartAsync(150));

        await bench.AssertCompleteAsync(150);
        Assert.All(bench.Calls, call => Assert.InRange(call.Batch.Items.Count, 1, call.Station == "small" ? 2 : 30));
        Assert.Contains(bench.Calls, call => call.Batch.Items.Count > 2);
    }

    [Fact]
    public async Task What_a_lost_station_has_is_done_by_another_and_its_late_result_is_refused()
    {
        await using var bench = await StationBench.CreateAsync();
        using var release = new ManualResetEventSlim();
        var embedding = new TaskCompletionSource();
        Task<BatchAnswer>? late = null;
        var vectorsAfterLate = -1L;
        bench.Add("lost", prefilling: _ =>
        {
            embedding.TrySetResult();
            release.Wait();
        });
        bench.Answering = (member, batch) =>
        {
            if (member.Seen.Name != "lost" || batch.Stage != ItemStage.Parsed) return null;
            return LoseAsync(member, batch);
        };

        await RunAsync(bench.Dispatch(), await bench.StartAsync(30));

        await bench.AssertCompleteAsync(30);
        Assert.Equal((BatchEnd.Worked, 0), ((await late!).End, vectorsAfterLate));
        Assert.True(bench.Embeds > 30);         // both did it

        async Task<BatchAnswer> LoseAsync(StationBench.Member member, ItemBatch batch)
        {
            var work = member.Station.WorkAsync(batch);
            late ??= work;
            await embedding.Task;
            if (work == late) bench.Add("next", prefilling: number => FinishLate(number, work));
            bench.Remove("lost");
            throw new StationLostException("It was killed.");
        }

        // The next station has the items already when the lost one comes to its end.
        void FinishLate(int number, Task<BatchAnswer> work)
        {
            if (number > 1) return;
            release.Set();
            work.Wait();
            vectorsAfterLate = bench.Bench.CountAsync("select count(*) from vectors_1").Result;
        }
    }

    [Fact]
    public async Task An_item_that_kills_every_station_it_comes_to_ends_as_a_dead_letter_and_takes_no_other_along()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("one");
        bench.Add("other");
        var id = await bench.StartAsync(60);
        var poison = await bench.Bench.CountAsync("select min(id) + 20 from items");
        var killing = new List<int>();
        bench.Answering = (_, batch) =>
        {
            if (batch.Stage != ItemStage.Parsed || !batch.Items.Contains(poison)) return null;
            lock (killing) killing.Add(batch.Items.Count);
            throw new StationLostException("It was killed by it.");
        };

        await RunAsync(bench.Dispatch(), id);

        Assert.Equal(59, await bench.Bench.CountAsync("select count(*) from items where stage = 'embedded'"));
        Assert.Equal(1, await bench.Bench.CountAsync($"select count(*) from items where stage = 'dead' and id = {poison} and attempts = 5"));
        Assert.Equal(5, killing.Count);
        Assert.All(killing[2..], items => Assert.Equal(1, items));
    }

    [Fact]
    public async Task A_station_with_other_weights_refuses_and_that_is_told_once()
    {
        await using var bench = await StationBench.CreateAsync(Blaming);
        bench.Add("right");
        bench.Add("wrong", load: _ => new LanguageModel("scripted", "01", new ByteTokenizer(suffix: [0]), new ScriptedDecoder(window: 512)));

        await RunAsync(bench.Dispatch(), await bench.StartAsync(120));

        await bench.AssertCompleteAsync(120);
        var trouble = Assert.Single(bench.Troubles);
        Assert.Contains("wrong", trouble.Message);
        Assert.Contains("other weights", trouble.Message);
    }

    [Fact]
    public async Task A_station_whose_engine_fails_blames_no_item()
    {
        await using var bench = await StationBench.CreateAsync(Blaming);
        bench.Add("sound");
        bench.Add("broken").Prefilling = _ => throw new IOException("The device is gone.");

        await RunAsync(bench.Dispatch(), await bench.StartAsync(120));

        await bench.AssertCompleteAsync(120);
        Assert.Contains(bench.Troubles, trouble => trouble.Message.Contains("broken"));
    }

    [Fact]
    public async Task An_engine_that_comes_back_is_used_again()
    {
        await using var bench = await StationBench.CreateAsync(Blaming);
        var fails = 0;
        bench.Add("shaky").Prefilling = _ =>
        {
            if (Interlocked.Increment(ref fails) <= 6) throw new IOException("The device is gone.");
        };

        await RunAsync(bench.Dispatch(), await bench.StartAsync(40));

        await bench.AssertCompleteAsync(40);
    }

    [Fact]
    public async Task A_station_without_room_is_asked_again()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("full", window: 4, size: 4, capacity: 1);
        var busy = 0;
        bench.Answering = async (member, batch) =>
        {
            var answer = await member.Station.WorkAsync(batch);
            if (answer.End == BatchEnd.Busy) Interlocked.Increment(ref busy);
            return answer;
        };

        await RunAsync(bench.Dispatch(), await bench.StartAsync(80));

        await bench.AssertCompleteAsync(80);
        Assert.True(busy > 0);
    }

    [Fact]
    public async Task Two_ingestions_get_their_turns_at_a_station_with_one_place()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("full", window: 1, size: 1, capacity: 1, embeds: false);
        var (first, second) = (await bench.StartAsync(40), await bench.Bench.Service().StartAsync(
            new IngestionRequest { Tenant = "other" }, StationBench.Made(40)));
        using var stop = new CancellationTokenSource();
        var runs = new[] { RunAsync(bench.Dispatch(), first, stop.Token), RunAsync(bench.Dispatch(), second, stop.Token) };
        foreach (var id in new[] { first, second })
            await StationBench.UntilAsync(async () => await bench.Bench.CountAsync($"select count(*) from items where stage = 'parsed' and ingestion_id = {id}") >= 5);
        await stop.CancelAsync();
        await Task.WhenAll(runs);

        // Neither had to wait for the other's end.
        Assert.True(await bench.Bench.CountAsync("select count(*) from items where stage = 'queued'") > 0);
    }

    [Fact]
    public async Task Without_a_station_nothing_is_claimed_and_with_one_it_goes_on()
    {
        await using var bench = await StationBench.CreateAsync();
        var id = await bench.StartAsync(30);
        var dispatch = bench.Dispatch();
        var run = RunAsync(dispatch, id);
        await Task.Delay(200);
        Assert.Equal((0, 1), (dispatch.State.Claims, await bench.Bench.CountAsync("select count(*) from ingestions where state = 'pending'")));

        bench.Add("first", embeds: false);
        await StationBench.UntilAsync(async () => await bench.Bench.CountAsync("select count(*) from items where stage = 'parsed'") == 30);
        bench.Remove("first");
        bench.Add("second");
        await run;

        await bench.AssertCompleteAsync(30);
    }

    [Fact]
    public async Task What_is_held_is_handed_back_when_the_last_station_goes()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("full", window: 1, size: 4);
        bench.Answering = (_, _) => Task.FromResult(BatchAnswer.Busy);
        var id = await bench.StartAsync(30);
        using var stop = new CancellationTokenSource();
        var dispatch = bench.Dispatch();
        var run = RunAsync(dispatch, id, stop.Token);
        await StationBench.UntilAsync(() => Task.FromResult(dispatch.State.Held > 0));
        bench.Remove("full");

        await StationBench.UntilAsync(async () => await bench.Bench.CountAsync("select count(*) from items where lease_token is not null or attempts > 0") == 0);
        await stop.CancelAsync();
        Assert.Equal(DispatchEnd.Stopped, await run);
    }

    [Fact]
    public async Task A_station_that_drains_finishes_what_it_has_and_the_others_do_the_rest()
    {
        await using var bench = await StationBench.CreateAsync();
        var leaving = bench.Add("leaving");
        bench.Add("staying");
        leaving.Prefilling = number =>
        {
            if (number == 2) leaving.Station.Drain(true);
        };

        await RunAsync(bench.Dispatch(), await bench.StartAsync(120));

        await bench.AssertCompleteAsync(120);
        Assert.Equal(120, bench.Embeds);
        Assert.Empty(bench.Troubles);
    }

    [Fact]
    public async Task Two_dispatches_of_one_ingestion_do_everything_once()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("one");
        bench.Add("other");
        var id = await bench.StartAsync(120);

        var ends = await Task.WhenAll(RunAsync(bench.Dispatch(), id), RunAsync(bench.Dispatch(), id));

        Assert.Equal([DispatchEnd.Ended, DispatchEnd.Ended], ends);
        await bench.AssertCompleteAsync(120);
        Assert.Equal((120, 120), (bench.Bench.Parses, bench.Embeds));
    }

    [Fact]
    public async Task A_stopped_dispatch_leaves_what_stations_have_to_them_and_nothing_else()
    {
        await using var bench = await StationBench.CreateAsync();
        using var release = new ManualResetEventSlim();
        var station = bench.Add("busy");
        station.Prefilling = _ => release.Wait();
        var id = await bench.StartAsync(60);
        using var stop = new CancellationTokenSource();
        var dispatch = bench.Dispatch();
        var run = RunAsync(dispatch, id, stop.Token);
        await StationBench.UntilAsync(async () => await bench.Bench.CountAsync("select count(*) from items where stage = 'parsed'") == 60);
        await StationBench.UntilAsync(() => Task.FromResult(dispatch.State.Held > 0));
        await stop.CancelAsync();

        Assert.Equal(DispatchEnd.Stopped, await run);
        var given = bench.Calls.Where(call => call.Batch.Stage == ItemStage.Parsed).SelectMany(call => call.Batch.Items).ToList();
        Assert.Equal(given.Count, await bench.Bench.CountAsync("select count(*) from items where lease_token is not null and attempts = 1"));
        Assert.Equal(60 - given.Count, await bench.Bench.CountAsync("select count(*) from items where lease_token is null and attempts = 0"));
        release.Set();
        await StationBench.UntilAsync(async () => await bench.Bench.CountAsync("select count(*) from items where stage = 'embedded'") == given.Count);
        await RunAsync(bench.Dispatch(), id);
        await bench.AssertCompleteAsync(60);
        Assert.Equal(60, bench.Embeds);
    }

    [Fact]
    public async Task Backends_killed_all_the_time_cost_nothing_but_time()
    {
        await using var bench = await StationBench.CreateAsync(StationBench.Quick with { Lease = TimeSpan.FromSeconds(3) });
        bench.Add("one");
        bench.Add("other");
        bench.Bench.Parsing = _ => Task.Delay(5);
        var run = RunAsync(bench.Dispatch(), await bench.StartAsync(120));
        for (var kills = 0; !run.IsCompleted && kills < 8; kills++)
        {
            await bench.Bench.KillBackendsAsync();
            await Task.Delay(100);
        }

        // As the overseer does: somebody must reap what a killed backend had committed and could not tell.
        await using var open = new OpenWork(bench.Bench.Test.Database, bench.Bench.Options, bench.Troubles.Enqueue);
        for (bench.Bench.Test.Source.Clear(); !run.IsCompleted; await Task.Delay(100)) await open.LookAsync();
        await run;
        await bench.AssertCompleteAsync(120);
    }

    [Fact]
    public async Task An_ingestion_that_is_cancelled_or_deleted_ends_its_dispatch()
    {
        await using var bench = await StationBench.CreateAsync();
        bench.Add("slow");
        bench.Bench.Parsing = _ => Task.Delay(50);
        var (cancelled, deleted) = (await bench.StartAsync(60), await bench.Bench.Service().StartAsync(
            new IngestionRequest { Tenant = "other" }, StationBench.Made(60)));
        var runs = new[] { RunAsync(bench.Dispatch(), cancelled), RunAsync(bench.Dispatch(), deleted) };
        await StationBench.UntilAsync(async () => await bench.Bench.CountAsync("select count(distinct ingestion_id) from items where stage <> 'queued'") == 2);
        await bench.Bench.Service().CancelAsync(cancelled);
        await bench.Bench.ExecuteAsync($"delete from ingestions where id = {deleted}");

        Assert.Equal([DispatchEnd.Cancelled, DispatchEnd.Deleted], await Task.WhenAll(runs));
        Assert.Equal(0, await bench.Bench.CountAsync("select count(*) from items where lease_token is not null"));
    }

    /// <summary>Whatever stations answer, and whatever they have done when they answer it, the end is the same.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task With_any_answers_in_any_order_each_item_ends_once(int seed)
    {
        // Stations are lost all the time here: enough attempts that no item is given up for it.
        await using var bench = await StationBench.CreateAsync(StationBench.Quick with { MaxAttempts = 1000 });
        var random = new Random(seed);
        for (var i = 0; i < 3; i++) bench.Add($"silo{i}", window: 1 + i, size: 3 + 4 * i, capacity: 2);
        bench.Answering = (member, batch) => AnswerAsync(member, batch, Next(10), Next(4));

        await RunAsync(bench.Dispatch(), await bench.StartAsync(100));

        await bench.AssertCompleteAsync(100);

        int Next(int below)
        {
            lock (random) return random.Next(below);
        }
    }

    private static async Task<BatchAnswer> AnswerAsync(StationBench.Member member, ItemBatch batch, int kind, int delay)
    {
        await Task.Delay(delay);
        switch (kind)
        {
            case 0: return BatchAnswer.Busy;
            case 1: return new BatchAnswer(BatchEnd.Leaving);
            case 2: return new BatchAnswer(BatchEnd.Refused, "No such model.");
            case 3: return new BatchAnswer(BatchEnd.Failed, "The device is gone.");
            case 4: throw new StationLostException("It was killed before it began.");
            case 5:
                _ = member.Station.WorkAsync(batch);
                throw new StationLostException("It goes on, and nobody hears of it.");
            case 6:
                await member.Station.WorkAsync(batch);
                throw new StationLostException("It was killed when all was done.");
            case 7:
                using (var abort = new CancellationTokenSource(delay)) return await member.Station.WorkAsync(batch, abort.Token);
            default: return await member.Station.WorkAsync(batch);
        }
    }

    private static Task<DispatchEnd> RunAsync(IngestionDispatch dispatch, long id, CancellationToken stop = default) =>
        dispatch.RunAsync(id, stop).WaitAsync(Patience, CancellationToken.None);
}
