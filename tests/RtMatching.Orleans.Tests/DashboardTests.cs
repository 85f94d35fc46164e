using System.Net;
using System.Net.Http.Headers;
using System.Text;
using RtMatching.Core.Security;
using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests;

public class DashboardTests
{
    [Fact]
    public async Task Orleans_dashboard_and_its_data_stand_behind_the_key_and_metrics_tell_of_Orleans()
    {
        await using var test = await TestDatabase.CreateAsync();
        var key = await new ApiKeyStore(test.Database).CreateAsync("dashboard");
        await using var silo = await SiloProcess.StartAsync(test.ConnectionString, "--engine", "none", "--name", "seen", "--require-keys");
        string[] paths = ["/dashboard/", "/dashboard/index.min.js", "/dashboard/version", "/dashboard/DashboardCounters", "/dashboard/ClusterStats"];
        foreach (var path in paths)
        {
            using var refused = await silo.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        silo.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{key.Key}")));
        foreach (var path in paths)
        {
            using var answer = await silo.Client.GetAsync(path);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode}\n{silo.Output}");
        }

        // The dashboard counts now and then, and has nothing to tell before it has once.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!(await silo.Client.GetStringAsync("/dashboard/DashboardCounters", patience.Token)).Contains("seen", StringComparison.Ordinal))
            await Task.Delay(200, patience.Token);

        using var trace = await silo.Client.GetAsync("/dashboard/Trace");
        Assert.Equal(HttpStatusCode.Forbidden, trace.StatusCode);

        silo.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Key);
        var metrics = await silo.Client.GetStringAsync("/metrics");
        Assert.Contains("otel_scope_name=\"Microsoft.Orleans\"", metrics, StringComparison.Ordinal);
        Assert.Contains("service_name=\"rtmatch-silo\"", metrics, StringComparison.Ordinal);
    }
}
