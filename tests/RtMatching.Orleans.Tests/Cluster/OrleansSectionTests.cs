using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using RtMatching.Server.Commands;
using RtMatching.Silo.Clustering;
using RtMatching.Tests.Storage;

namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>Silos that are told of their cluster by Aspire's Orleans resource.</summary>
public class OrleansSectionTests
{
    private const string Key = "rtm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private static readonly Dictionary<string, string> Section = new()
    {
        ["Orleans__ClusterId"] = "given", ["Orleans__ServiceId"] = "service", ["Orleans__EnableDistributedTracing"] = "true",
        ["Orleans__Clustering__ProviderType"] = "AdoNet", ["Orleans__Clustering__Invariant"] = "Npgsql",
        ["Orleans__Clustering__ConnectionName"] = "rtmatch",
        ["Orleans__Reminders__ProviderType"] = "AdoNet", ["Orleans__Reminders__Invariant"] = "Npgsql",
        ["Orleans__Reminders__ConnectionName"] = "rtmatch",
    };

    [Fact]
    public async Task A_silo_told_by_the_section_and_one_told_by_options_are_one_cluster()
    {
        await using var test = await TestDatabase.CreateAsync();
        var port = FreePort();
        var environment = new Dictionary<string, string>(Section) { ["Orleans__Endpoints__SiloPort"] = $"{port}", ["RTMATCH_API_KEY"] = Key };
        var silos = await Task.WhenAll(
            SiloProcess.StartAsync(test.ConnectionString, environment, "--engine", "none", "--name", "by-section", "--require-keys"),
            SiloProcess.StartAsync(test.ConnectionString, "--engine", "none", "--name", "by-options", "--cluster", "given"));
        await using var bySection = silos[0];
        await using var byOptions = silos[1];
        Assert.EndsWith($":{port}", bySection.Endpoint, StringComparison.Ordinal);
        Assert.Contains("in cluster given;", bySection.Output, StringComparison.Ordinal);
        Assert.Equal(
            new Dictionary<string, int> { ["by-section"] = ClusterView.Active, ["by-options"] = ClusterView.Active },
            await new ClusterView(test.Source).StatusAsync("given"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await bySection.Client.GetAsync("/v1/silos")).StatusCode);
        bySection.Client.DefaultRequestHeaders.Add("X-Api-Key", Key);
        Assert.Contains("by-options", await bySection.Client.GetStringAsync("/v1/silos"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Orleans__Clustering__ProviderType", "PostgresDatabase")]
    [InlineData("Orleans__Reminders__ProviderType", "Redis")]
    [InlineData("Orleans__Clustering__Invariant", "System.Data.SqlClient")]
    [InlineData("Orleans__Reminders__ConnectionName", "elsewhere")]
    public void A_cluster_elsewhere_is_refused_by_the_variable_that_says_so(string variable, string value)
    {
        OrleansSection.Check(Configuration(Section));
        var refusal = Assert.Throws<UsageException>(() => OrleansSection.Check(Configuration(new(Section) { [variable] = value })));
        Assert.StartsWith($"{variable}={value}: ", refusal.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Configuration(Dictionary<string, string> variables) => new ConfigurationBuilder()
        .AddInMemoryCollection(variables.ToDictionary(variable => variable.Key.Replace("__", ":", StringComparison.Ordinal), variable => (string?)variable.Value))
        .Build();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
