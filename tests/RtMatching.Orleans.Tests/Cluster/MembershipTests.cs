using System.Diagnostics;
using System.Net;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests.Cluster;

public class MembershipTests
{
    [Fact]
    public async Task Silos_find_each_other_and_one_that_is_killed_is_declared_dead()
    {
        await using var test = await TestDatabase.CreateAsync();
        var silos = await SiloProcess.StartAsync(2, test.ConnectionString, "--engine", "none");
        await using var first = silos[0];
        await using var second = silos[1];
        var view = new ClusterView(test.Source);
        Assert.Equal([("silo-1", ClusterView.Active), ("silo-2", ClusterView.Active)], (await view.StatusAsync()).Select(silo => (silo.Key, silo.Value)).Order());

        await second.KillAsync();
        var noticed = await view.WaitAsync("silo-2", ClusterView.Dead, TimeSpan.FromSeconds(20));
        Assert.True(noticed < TimeSpan.FromSeconds(20), $"noticed after {noticed}");
        Assert.Equal(ClusterView.Active, (await view.StatusAsync())["silo-1"]);
        Assert.False(first.HasEnded, first.Output);
    }

    [Fact]
    public async Task A_silo_that_is_told_to_stop_says_so_and_leaves_the_cluster_at_once()
    {
        await using var test = await TestDatabase.CreateAsync();
        var silos = await SiloProcess.StartAsync(2, test.ConnectionString, "--engine", "none");
        await using var first = silos[0];
        await using var second = silos[1];

        var stopping = Stopwatch.StartNew();
        second.Terminate();
        await Task.Delay(500);
        using (var health = await second.Client.GetAsync("/health"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
            Assert.Contains("not_ready", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(0, await second.EndAsync());
        Assert.True(stopping.Elapsed < TimeSpan.FromSeconds(10), $"took {stopping.Elapsed}\n{second.Output}");
        Assert.Equal(ClusterView.Dead, (await new ClusterView(test.Source).StatusAsync())["silo-2"]);
        Assert.False(first.HasEnded, first.Output);
    }
}
