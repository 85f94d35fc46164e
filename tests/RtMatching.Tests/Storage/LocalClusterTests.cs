using System.Diagnostics;
using System.Globalization;
using RtMatching.Core.Storage;

namespace RtMatching.Tests.Storage;

public class LocalClusterTests
{
    [Fact]
    public async Task Starts_once_however_many_ask_and_stops_and_goes()
    {
        var home = Path.Combine(Path.GetTempPath(), "rtmatch-cluster-" + Guid.NewGuid().ToString("N"));
        try
        {
            var cluster = new LocalCluster(home, durable: false);
            Assert.Equal(ClusterState.Absent, cluster.Status().State);
            var connections = await Task.WhenAll(
                new LocalCluster(home, durable: false).StartAsync(_ => { }), new LocalCluster(home, durable: false).StartAsync(_ => { }));
            Assert.Single(connections.Distinct());
            Assert.Equal(ClusterState.Running, cluster.Status().State);
            await using (await Database.OpenAsync(connections[0])) { }

            Assert.True(await cluster.StopAsync());
            Assert.False(await cluster.StopAsync());
            Assert.Equal(ClusterState.Stopped, cluster.Status().State);
            await cluster.StartAsync(_ => { });
            await cluster.ResetAsync();
            Assert.Equal(ClusterState.Absent, cluster.Status().State);
        }
        finally
        {
            await new LocalCluster(home).ResetAsync();
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public async Task Starts_after_a_crash_although_another_program_has_the_servers_process_id_now()
    {
        var home = Path.Combine(Path.GetTempPath(), "rtmatch-cluster-" + Guid.NewGuid().ToString("N"));
        var cluster = new LocalCluster(home, durable: false);
        try
        {
            await cluster.StartAsync(_ => { });
            var file = Path.Combine(home, "postgres", "data", "postmaster.pid");
            var lines = await File.ReadAllLinesAsync(file);
            using (var server = Process.GetProcessById(int.Parse(lines[0], CultureInfo.InvariantCulture))) server.Kill();
            lines[0] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            await File.WriteAllLinesAsync(file, lines);

            Assert.Equal(ClusterState.Stopped, cluster.Status().State);
            await using (await Database.OpenAsync(await cluster.StartAsync(_ => { }))) { }
        }
        finally
        {
            await cluster.ResetAsync();
            Directory.Delete(home, recursive: true);
        }
    }
}
