using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Orleans.Tests.Synthetic;

namespace RtMatching.Orleans.Tests;

public class RollingRestartTests
{
    [Fact]
    public async Task Silos_replaced_one_after_the_other_under_load_fail_no_ranking_beyond_a_retry()
    {
        await using var cluster = await TestCluster.CreateAsync();
        await Task.WhenAll(cluster.StartAsync(), cluster.StartAsync(), cluster.StartAsync());
        await cluster.IngestAsync(100);
        await cluster.UntilDoneAsync();
        using var over = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(client => RankAsync(cluster, client, over.Token)).ToList();
        foreach (var silo in cluster.Silos)
        {
            await cluster.StartAsync();
            silo.Terminate();
            Assert.Equal(0, await silo.EndAsync());
        }

        await over.CancelAsync();
        var counts = await Task.WhenAll(clients);
        Assert.InRange(counts.Sum(count => count.Ranked), 50, int.MaxValue);
        Assert.Equal(0, counts.Sum(count => count.Failed));
    }

    /// <summary>Asks the silos in turn; one that does not answer is left, once, for the next.</summary>
    private static async Task<(int Ranked, int Failed)> RankAsync(TestCluster cluster, int client, CancellationToken over)
    {
        var (ranked, failed) = (0, 0);
        for (var i = client; !over.IsCancellationRequested; i++)
        {
            var text = MadeUpCvs.Text(10_000 + i, 20);
            var silos = cluster.Silos;
            var answer = await cluster.RankAsync(silos[i % silos.Count], text) ?? await cluster.RankAsync(silos[(i + 1) % silos.Count], text);
            if (answer is { } ranking && ranking.GetProperty("ranking").GetArrayLength() == 5) ranked++;
            else failed++;
            await Task.Delay(20, CancellationToken.None);
        }

        return (ranked, failed);
    }
}
