using System.Diagnostics;
using System.Net;
using RtMatching.Core.Storage;
using RtMatching.Tests.Storage;
using Xunit.Abstractions;

namespace RtMatching.Orleans.Tests.Cluster;

public class MembershipTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Silos_find_each_other_and_one_that_is_killed_is_declared_dead(int count)
    {
        await using var test = await TestDatabase.CreateAsync();
        var silos = await SiloProcess.StartAsync(count, test.ConnectionString, "--engine", "none");
        try
        {
            var view = new ClusterView(test.Source);
            Assert.Equal(count, (await view.StatusAsync()).Values.Count(status => status == ClusterView.Active));

            await silos[^1].KillAsync();
            var noticed = await view.WaitAsync(silos[^1].Name, ClusterView.Dead, TimeSpan.FromSeconds(20));
            output.WriteLine($"of {count} silos, one that was killed was declared dead after {noticed.TotalSeconds:0.0} s");
            Assert.Equal(count - 1, (await view.StatusAsync()).Values.Count(status => status == ClusterView.Active));
            Assert.All(silos[..^1], silo => Assert.False(silo.HasEnded, silo.Output));
        }
        finally
        {
            foreach (var silo in silos) await silo.DisposeAsync();
        }
    }

    [Fact]
    public async Task Defunct_silos_are_removed_when_they_are_old_and_active_ones_never()
    {
        await using var test = await TestDatabase.CreateAsync();
        await ClusterTables.ApplyAsync(test.Source, CancellationToken.None);
        await test.Source.CreateCommand("""
            insert into orleans.membership_version (cluster) values ('rtmatch');
            insert into orleans.membership (cluster, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at)
            select 'rtmatch', '127.0.0.1', 1, day, 'defunct-' || day, 'host', 6, 0, now() - interval '1 day' * day, now() - interval '1 day' * day
            from generate_series(0, 3) day
            """).ExecuteNonQueryAsync();
        await using var silo = await SiloProcess.StartAsync(test.ConnectionString, "--engine", "none", "--name", "living");
        var patience = DateTime.UtcNow.AddSeconds(20);
        while (await test.CountAsync("select count(*) from orleans.membership") > 2 && DateTime.UtcNow < patience) await Task.Delay(100);
        Assert.Equal(["defunct-0", "living"], (await new ClusterView(test.Source).StatusAsync()).Keys.Order());
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
