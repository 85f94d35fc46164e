using RtMatching.Orleans.Tests.Cluster;

namespace RtMatching.Orleans.Tests;

public class BulkRankingTests
{
    private const int Jobs = 2000;

    [Fact]
    public async Task Thousands_of_jobs_are_ranked_once_each_although_the_silo_that_leads_is_killed()
    {
        await using var cluster = await TestCluster.CreateAsync();
        await Task.WhenAll(cluster.StartAsync(), cluster.StartAsync(), cluster.StartAsync());
        await cluster.IngestAsync(50);
        await cluster.UntilDoneAsync();
        await cluster.RankManyAsync(Jobs);
        await cluster.UntilAsync("select count(*) from bulk_ranking_jobs where line is not null", Jobs / 10);
        var leader = await cluster.SiloOfAsync("bulk ranking");
        Assert.NotNull(leader);
        await leader.KillAsync();

        Assert.InRange(await cluster.Database.CountAsync("select count(*) from bulk_ranking_jobs where line is null"), 1, Jobs);
        await cluster.UntilAsync("select count(*) from bulk_rankings where state = 'done'", 1);
        Assert.Equal(Jobs, await cluster.Database.CountAsync("select count(*) from bulk_ranking_jobs where line is not null and problem is null"));
        Assert.Equal(Jobs, await cluster.Database.CountAsync("select count(distinct line::jsonb ->> 'job') from bulk_ranking_jobs"));
    }
}
