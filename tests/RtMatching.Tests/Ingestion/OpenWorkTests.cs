using System.Collections.Concurrent;
using RtMatching.Core.Ingestion;

namespace RtMatching.Tests.Ingestion;

/// <summary>What one process looks after for all.</summary>
public class OpenWorkTests
{
    [Fact]
    public async Task A_look_finds_what_is_open_and_reaps_what_went_silent()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(4);
        await bench.IngestAsync();
        bench.WriteMany(6);
        var open = await bench.StartAsync();
        await bench.ExecuteAsync("""
            update items set lease_token = gen_random_uuid(), attempts = 1, lease_until = now() + case when id % 2 = 0 then interval '-1 s' else interval '1 h' end
            where stage = 'queued'
            """);
        await using var work = new OpenWork(bench.Test.Database, bench.Options, trouble => Assert.Fail(trouble.Message));

        Assert.Equal([open], await work.LookAsync());
        Assert.Equal(1, await bench.CountAsync("select count(*) from items where stage = 'queued' and lease_token is null and attempts = 1"));
        Assert.Equal(1, await bench.CountAsync("select count(*) from items where lease_token is not null"));
    }

    [Fact]
    public async Task The_house_is_kept_beside_and_what_a_dead_submitter_left_is_ended()
    {
        await using var bench = await IngestionBench.CreateAsync();
        bench.WriteMany(2);
        await bench.IngestAsync();
        await bench.ExecuteAsync("""
            update ingestions set state = 'pending', submitted = false, finished_at = null, created_at = now() - interval '1 hour';
            update items set created_at = now() - interval '1 hour'
            """);
        var troubles = new ConcurrentQueue<IngestionTrouble>();
        await using var work = new OpenWork(bench.Test.Database, bench.Options, troubles.Enqueue);

        await work.LookAsync();
        await StationBench.UntilAsync(async () => await bench.CountAsync("select count(*) from ingestions where state = 'failed'") == 1);

        Assert.Empty(await work.LookAsync());
        Assert.Empty(troubles);
    }
}
