using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Ingestion;

/// <summary>Leases: who holds an item, for how long, and whose result counts.</summary>
public class WorkQueueTests
{
    private static readonly IngestionOptions Quick = new()
    {
        Poll = TimeSpan.FromMilliseconds(10), Backoff = TimeSpan.FromMilliseconds(1), Lease = TimeSpan.FromMinutes(1), MaxAttempts = 3,
    };

    [Fact]
    public async Task An_item_is_leased_to_one_worker_at_a_time()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(5);
        var id = await bench.StartAsync();
        var (one, other) = (Queue(bench), Queue(bench));

        await using var first = await one.ClaimAsync(ItemStage.Queued, id, 3, default);
        await using var second = await other.ClaimAsync(ItemStage.Queued, id, 3, default);

        Assert.Equal((3, 2), (first!.Items.Count, second!.Items.Count));
        Assert.Empty(first.Items.Select(item => item.Id).Intersect(second.Items.Select(item => item.Id)));
        Assert.Null(await one.ClaimAsync(ItemStage.Queued, id, 3, default));
    }

    [Fact]
    public async Task What_was_not_done_is_handed_back_and_the_attempt_not_counted()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(2);
        var id = await bench.StartAsync();
        var queue = Queue(bench);

        await (await queue.ClaimAsync(ItemStage.Queued, id, 2, default))!.DisposeAsync();
        await using var again = await queue.ClaimAsync(ItemStage.Queued, id, 2, default);

        Assert.Equal([1, 1], again!.Items.Select(item => item.Attempts));
    }

    [Fact]
    public async Task A_lease_that_is_renewed_is_not_reaped_and_one_that_is_not_is()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick with { Lease = TimeSpan.FromMilliseconds(800) });
        bench.WriteMany(2);
        var id = await bench.StartAsync();
        var (alive, dead) = (Queue(bench), Queue(bench));
        await using var kept = await alive.ClaimAsync(ItemStage.Queued, id, 1, default);
        var lost = await dead.ClaimAsync(ItemStage.Queued, id, 1, default);

        await Task.Delay(1000);
        await alive.RenewAsync(default);
        var reaped = await alive.ReapAsync(default);

        Assert.Equal(1, reaped);
        Assert.Equal(1, await bench.CountAsync($"select count(*) from items where id = {kept!.Items[0].Id} and lease_token = '{kept.Token}'"));
        Assert.Equal(1, await bench.CountAsync($"select count(*) from items where id = {lost!.Items[0].Id} and lease_token is null and attempts = 1"));
    }

    [Fact]
    public async Task An_item_whose_workers_die_comes_alone_after_the_second_and_ends_as_a_dead_letter()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(4);
        var id = await bench.StartAsync();
        var queue = Queue(bench);
        var sizes = new List<int>();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            // The first kills its worker: alone, then beside the other three, which are not suspected for having been there once.
            var lease = await queue.ClaimAsync(ItemStage.Queued, id, attempt == 1 ? 1 : 4, default);
            sizes.Add(lease!.Items.Count);
            await bench.ExecuteAsync($"update items set lease_until = now() - interval '1 second' where lease_token = '{lease.Token}'");
            await queue.ReapAsync(default);
            await bench.ExecuteAsync("update items set not_before = now() - interval '1 hour' where attempts > 0");
        }

        var dead = Assert.Single((await bench.Service().ShowAsync(id)).Items, item => item.Stage == ItemStage.Dead);
        Assert.Equal([1, 4, 1], sizes);
        Assert.Equal(3, dead.Attempts);
        Assert.Contains("stopped without a word", dead.Detail);
        Assert.Equal(3, (await bench.RunAsync(id)).Counts.Embedded);
    }

    [Fact]
    public async Task A_chunk_is_cut_into_batches_with_tokens_of_their_own_and_suspects_come_alone()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick with { MaxAttempts = 5 });
        bench.WriteMany(12);
        var id = await bench.StartAsync();
        await bench.ExecuteAsync("update items set attempts = 2 where id in (select id from items order by id offset 3 limit 2)");
        var queue = Queue(bench);

        var leases = await queue.ClaimManyAsync(ItemStage.Queued, id, [5, 2, 9], default);

        Assert.Equal([1, 1, 2, 3, 5], leases.Where(lease => lease.Items.Count > 0).Select(lease => lease.Items.Count).Order());
        Assert.All(leases, lease => Assert.Equal(lease.IsSuspect, lease.Items.Count == 1));
        Assert.Equal(12, leases.SelectMany(lease => lease.Items).Select(item => item.Id).Distinct().Count());
        foreach (var lease in leases)
            Assert.Equal(lease.Items.Count, await bench.CountAsync($"select count(*) from items where lease_token = '{lease.Token}'"));
        await queue.HandBackAsync(leases);
        Assert.Equal(0, await bench.CountAsync("select count(*) from items where lease_token is not null or attempts not in (0, 2)"));
    }

    [Fact]
    public async Task What_was_released_or_ended_is_not_renewed_and_not_held_any_more()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(4);
        var id = await bench.StartAsync();
        var (queue, other) = (Queue(bench), Queue(bench));
        var leases = await queue.ClaimManyAsync(ItemStage.Queued, id, [2, 2], default);

        await other.ReleaseAsync(leases[0], default);
        await queue.RenewAsync(leases, default);

        Assert.Equal((0, 2), (leases[0].Held.Length, leases[1].Held.Length));
        Assert.Equal(2, await bench.CountAsync("select count(*) from items where lease_token is null and attempts = 1"));
    }

    [Fact]
    public async Task A_young_lease_is_not_written_again()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.WriteMany(2);
        var queue = Queue(bench);
        await using var lease = await queue.ClaimAsync(ItemStage.Queued, await bench.StartAsync(), 2, default);
        var before = await bench.CountAsync("select sum(xmin::text::bigint) from items");

        await queue.RenewAsync(default);
        Assert.Equal(before, await bench.CountAsync("select sum(xmin::text::bigint) from items"));
        await queue.RenewAsync([lease!], default);
        Assert.NotEqual(before, await bench.CountAsync("select sum(xmin::text::bigint) from items"));
    }

    [Fact]
    public async Task Attempts_are_further_and_further_apart()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick with { Backoff = TimeSpan.FromSeconds(10) });
        bench.WriteMany(1);
        var id = await bench.StartAsync();
        var queue = Queue(bench);
        foreach (var (least, most) in new[] { (5, 15), (10, 30) })
        {
            await using var lease = await queue.ClaimAsync(ItemStage.Queued, id, 1, default);
            await queue.FailAsync(lease!, lease!.Items[0], "broken", default);
            Assert.Equal(1, await bench.CountAsync(
                $"select count(*) from items where not_before - now() between interval '{least - 1} seconds' and interval '{most + 1} seconds'"));
            await bench.ExecuteAsync("update items set not_before = now()");
        }
    }

    [Fact]
    public async Task A_result_that_comes_after_the_lease_was_lost_is_discarded()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.Write("cv.txt", "a text");
        var id = await bench.StartAsync();
        var queue = Queue(bench);
        var stage = new ParseStage(new DatabaseRetry(bench.Test.Database, Quick.DatabasePatience), queue, async (_, _) =>
        {
            await bench.ExecuteAsync("update items set lease_token = null, lease_until = null");
            return new(Core.Documents.DocumentOutcome.Ok, Core.Documents.DocumentFormat.Text, "text", [], null);
        }, Quick);

        Assert.True(await stage.StepAsync(id, default));

        Assert.Equal(0, await bench.CountAsync("select count(*) from texts"));
        Assert.Equal(1, await bench.CountAsync("select count(*) from items where stage = 'queued'"));
    }

    [Fact]
    public async Task A_vector_that_comes_after_the_lease_was_lost_is_discarded()
    {
        await using var bench = await IngestionBench.CreateAsync(Quick);
        bench.Write("cv.txt", "a text");
        var id = await bench.StartAsync();
        var first = true;
        bench.Prefilling = _ =>
        {
            if (first) bench.ExecuteAsync("update items set lease_token = null, lease_until = null").Wait();
            if (first) Assert.Equal(0, bench.CountAsync("select count(*) from vectors_1").Result);
            first = false;
        };

        var summary = await bench.RunAsync(id);

        Assert.Equal(2, bench.Embeds);          // the first result was not taken
        Assert.Equal(1, summary.Counts.Embedded);
    }

    private static WorkQueue Queue(IngestionBench bench) =>
        new(new DatabaseRetry(bench.Test.Database, bench.Options.DatabasePatience), bench.Options);
}
