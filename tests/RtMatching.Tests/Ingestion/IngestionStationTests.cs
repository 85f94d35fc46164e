using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Ingestion;

/// <summary>A station's side: batches adopted by their token, once, as many as there is room for, and handed back in the end.</summary>
public class IngestionStationTests
{
    [Fact]
    public async Task The_same_batch_twice_at_once_is_done_once_and_later_there_is_nothing_left_to_do()
    {
        await using var bench = await StationBench.CreateAsync();
        var station = bench.Add("silo").Station;
        var batch = await ClaimAsync(bench, await bench.StartAsync(6));
        bench.Bench.Parsing = _ => Task.Delay(20);

        var answers = await Task.WhenAll(station.WorkAsync(batch), station.WorkAsync(batch), station.WorkAsync(batch));
        var again = await station.WorkAsync(batch);

        Assert.All(answers.Append(again), answer => Assert.Equal(BatchEnd.Worked, answer.End));
        Assert.Equal((6, 6, 0), (bench.Bench.Parses, (int)station.ItemsDone, station.Batches));
        Assert.Equal(6, await bench.Bench.CountAsync("select count(*) from items where stage = 'parsed' and lease_token is null"));
    }

    [Fact]
    public async Task What_a_token_does_not_hold_is_not_touched()
    {
        await using var bench = await StationBench.CreateAsync();
        var station = bench.Add("silo").Station;
        var batch = await ClaimAsync(bench, await bench.StartAsync(6));

        foreach (var other in new[] { batch with { Token = Guid.NewGuid() }, batch with { ProfileVersionId = 99 }, batch with { Stage = ItemStage.Parsed } })
            Assert.Equal(BatchEnd.Worked, (await station.WorkAsync(other)).End);
        await Assert.ThrowsAsync<ArgumentException>(() => station.WorkAsync(batch with { Stage = ItemStage.Embedded }));

        Assert.Equal(0, bench.Bench.Parses);
        Assert.Equal(6, await bench.Bench.CountAsync($"select count(*) from items where stage = 'queued' and lease_token = '{batch.Token}'"));
    }

    [Fact]
    public async Task A_station_that_drains_or_is_full_takes_no_batch_and_leaves_it_to_its_token()
    {
        await using var bench = await StationBench.CreateAsync();
        var station = bench.Add("silo", capacity: 1).Station;
        var id = await bench.StartAsync(6);
        var (first, second) = (await ClaimAsync(bench, id, 3), await ClaimAsync(bench, id, 3));
        var parsing = new TaskCompletionSource();
        bench.Bench.Parsing = _ => parsing.Task;

        var working = station.WorkAsync(first);
        Assert.Equal(BatchEnd.Busy, (await station.WorkAsync(second)).End);
        station.Drain(true);
        Assert.Equal(BatchEnd.Leaving, (await station.WorkAsync(second)).End);
        Assert.Equal(3, await bench.Bench.CountAsync($"select count(*) from items where lease_token = '{second.Token}'"));
        parsing.SetResult();
        Assert.Equal(BatchEnd.Worked, (await working).End);
        station.Drain(false);
        Assert.Equal(BatchEnd.Worked, (await station.WorkAsync(second)).End);
    }

    [Fact]
    public async Task A_station_that_stops_finishes_what_it_can_and_hands_back_the_rest()
    {
        await using var bench = await StationBench.CreateAsync();
        var station = bench.Add("silo").Station;
        var id = await bench.StartAsync(6);
        var (quick, stuck) = (await ClaimAsync(bench, id, 3), await ClaimAsync(bench, id, 3));
        using var begun = new CountdownEvent(2);
        bench.Bench.Parsing = async text =>
        {
            if (begun.CurrentCount > 0) begun.Signal();
            if (text is "worked as number 0" or "worked as number 1" or "worked as number 2") await Task.Delay(50);
            else await Task.Delay(Timeout.Infinite, bench.Bench.Abort.Token);
        };
        var (finished, handedBack) = (station.WorkAsync(quick), station.WorkAsync(stuck));
        begun.Wait();
        var stopping = station.StopAsync(TimeSpan.FromMilliseconds(400));
        Assert.Equal(BatchEnd.Worked, (await finished).End);
        bench.Bench.Abort.CancelAfter(500);
        await stopping;

        Assert.Equal(BatchEnd.Leaving, (await handedBack).End);
        Assert.Equal(3, await bench.Bench.CountAsync("select count(*) from items where stage = 'parsed'"));
        Assert.Equal(3, await bench.Bench.CountAsync("select count(*) from items where stage = 'queued' and lease_token is null and attempts = 0"));
    }

    [Fact]
    public async Task The_lease_of_what_is_worked_on_is_kept_and_what_was_cancelled_is_given_up()
    {
        await using var bench = await StationBench.CreateAsync(StationBench.Quick with { Lease = TimeSpan.FromMilliseconds(600) });
        var station = bench.Add("silo").Station;
        var id = await bench.StartAsync(3);
        var batch = await ClaimAsync(bench, id);
        bench.Bench.Parsing = _ => Task.Delay(Timeout.Infinite, bench.Bench.Abort.Token);
        var working = station.WorkAsync(batch);
        await Task.Delay(1500);
        Assert.Equal(0, await Queue(bench).ReapAsync(default));
        Assert.Equal(3, await bench.Bench.CountAsync($"select count(*) from items where lease_token = '{batch.Token}' and lease_until > now()"));

        await bench.Bench.Service().CancelAsync(id);
        bench.Bench.Abort.CancelAfter(300);
        Assert.Equal(BatchEnd.Worked, (await working.WaitAsync(TimeSpan.FromSeconds(10))).End);
        Assert.Equal(3, await bench.Bench.CountAsync("select count(*) from items where stage = 'cancelled'"));
    }

    [Fact]
    public void Who_was_turned_away_comes_before_who_comes_again_at_once()
    {
        var room = new StationRoom(2, TimeProvider.System);
        Assert.True(room.TryTake(1));
        Assert.True(room.TryTake(1));
        Assert.False(room.TryTake(2));
        Assert.False(room.TryTake(3));
        room.Leave();

        Assert.False(room.TryTake(1));
        Assert.False(room.TryTake(3));
        Assert.True(room.TryTake(2));
        room.Leave();
        Assert.True(room.TryTake(3));
    }

    [Fact]
    public async Task Batches_of_many_ingestions_share_the_engines_runs()
    {
        await using var bench = await StationBench.CreateAsync();
        using var open = new ManualResetEventSlim();
        var member = bench.Add("silo", prefilling: number =>
        {
            if (number == 1) open.Wait(TimeSpan.FromSeconds(30));
        });
        var working = new List<Task<BatchAnswer>>();
        foreach (var tenant in new[] { "one", "two", "three" })
        {
            var id = await bench.StartAsync(8, tenant);
            await member.Station.WorkAsync(await ClaimAsync(bench, id));
            working.Add(member.Station.WorkAsync(await ClaimAsync(bench, id, stage: ItemStage.Parsed)));
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (member.Engines.Loaded is not [{ Waiting: 2 }]) await Task.Delay(10, patience.Token);
        open.Set();

        Assert.All(await Task.WhenAll(working), answer => Assert.Equal(BatchEnd.Worked, answer.End));
        Assert.Equal([8, 16], member.Decoder.Batches.Select(batch => batch.Length));
    }

    /// <summary>As a dispatch does, which leaves the lease to the station.</summary>
    private static async Task<ItemBatch> ClaimAsync(StationBench bench, long id, int items = 100, ItemStage stage = ItemStage.Queued)
    {
        var queue = Queue(bench);
        var lease = Assert.Single(await queue.ClaimManyAsync(stage, id, [items], default));
        return new ItemBatch(lease.Token, id, 1, stage, [.. lease.Items.Select(item => item.Id)]);
    }

    private static WorkQueue Queue(StationBench bench) =>
        new(new DatabaseRetry(bench.Bench.Test.Database, TimeSpan.FromSeconds(10)), bench.Bench.Options);
}
