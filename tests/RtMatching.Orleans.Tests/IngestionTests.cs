using RtMatching.Orleans.Tests.Cluster;

namespace RtMatching.Orleans.Tests;

/// <summary>Ingestions through silos that come and go, on a database that does too.</summary>
public class IngestionTests
{
    [Fact]
    public async Task Without_engines_work_waits_and_goes_on_when_one_is_back()
    {
        await using var cluster = await TestCluster.CreateAsync();
        await cluster.StartAsync("none", "parse");
        await cluster.IngestAsync(100);
        await cluster.UntilAsync("select count(*) from items where stage = 'parsed'", 100);
        await Task.Delay(TimeSpan.FromSeconds(3));

        Assert.Equal(0, await cluster.Database.CountAsync("select count(*) from items where stage = 'embedded' or lease_token is not null or attempts > 0"));
        await cluster.StartAsync(work: "embed");
        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(100);
    }

    [Fact]
    public async Task The_only_engine_killed_and_another_started_later_goes_on()
    {
        await using var cluster = await TestCluster.CreateAsync(microsecondsPerToken: 200);
        await cluster.StartAsync("none", "parse");
        var engine = await cluster.StartAsync(work: "embed");
        await cluster.IngestAsync(400);
        await cluster.UntilEmbeddedAsync(30);
        await engine.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));

        Assert.InRange(await cluster.Database.CountAsync("select count(*) from items where stage in ('queued', 'parsed')"), 1, 400);
        await cluster.StartAsync(work: "embed");
        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(400);
    }

    [Fact]
    public async Task Engines_whose_devices_fail_are_reported_and_no_document_is_blamed()
    {
        await using var cluster = await TestCluster.CreateAsync(microsecondsPerToken: 100);
        var silo = await cluster.StartAsync();
        await cluster.IngestAsync(300);
        await cluster.UntilEmbeddedAsync(20);
        cluster.SetDevices(gone: true);
        await cluster.UntilProblemAsync(silo);
        await Task.Delay(TimeSpan.FromSeconds(2));

        Assert.Equal(0, await cluster.Database.CountAsync("select count(*) from items where stage = 'dead'"));
        cluster.SetDevices(gone: false);
        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(300);
    }

    [Fact]
    public async Task A_submission_sent_twice_with_one_key_to_two_silos_is_one_ingestion()
    {
        await using var cluster = await TestCluster.OfThreeAsync();
        var ids = await Task.WhenAll(cluster.Silos.Select(async silo => await cluster.IngestAsync(60, key: "once", at: silo)));
        await cluster.UntilDoneAsync();

        Assert.Single(ids.Distinct());
        Assert.Equal(1, await cluster.Database.CountAsync("select count(*) from ingestions"));
        await cluster.Database.AssertCompleteAsync(60);
    }

    [Fact]
    public async Task Postgres_restarted_in_mid_ingestion_is_waited_for()
    {
        await using var cluster = await TestCluster.OfThreeAsync(microsecondsPerToken: 200);
        await cluster.IngestAsync(500);
        await cluster.UntilEmbeddedAsync(50);
        await cluster.Database.RestartServerAsync();

        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(500);
    }

    [Fact]
    public async Task A_silo_with_other_weights_is_refused_the_work_and_says_so()
    {
        await using var cluster = await TestCluster.CreateAsync();
        await cluster.StartAsync("none", "parse");
        var other = await cluster.StartAsync(work: "embed", weights: new string('1', 64));
        await cluster.IngestAsync(50);
        await cluster.UntilProblemAsync(other);

        Assert.Equal(0, await cluster.Database.CountAsync("select count(*) from items where stage not in ('queued', 'parsed') or attempts > 0"));
        await cluster.StartAsync(work: "embed");
        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(50);
    }

    [Fact]
    public async Task A_drained_silo_finishes_what_it_has_and_takes_no_more()
    {
        await using var cluster = await TestCluster.OfThreeAsync(microsecondsPerToken: 200);
        await cluster.IngestAsync(400);
        await cluster.UntilEmbeddedAsync(30);
        var drained = cluster.Engines[^1];
        await cluster.DrainAsync(drained);
        await cluster.UntilIdleAsync(drained);
        var texts = await cluster.TextsAsync(drained);

        await cluster.UntilDoneAsync();
        await cluster.Database.AssertCompleteAsync(400);
        Assert.Equal(texts, await cluster.TextsAsync(drained));
    }
}
