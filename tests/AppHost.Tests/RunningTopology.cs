using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using RtMatching.Orleans.Tests.Cluster;
using RtMatching.Tests.Storage;
using RtMatching.Tests.Telemetry;

namespace RtMatching.AppHost.Tests;

/// <summary>A server and silos as processes of their own, with the environment that the AppHost's model gives them, on a real PostgreSQL.</summary>
internal sealed class RunningTopology : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TestDatabase _database;
    private readonly List<SiloProcess> _processes = [];

    private RunningTopology(TestDatabase database, OtlpReceiver receiver, AppHostModel model) =>
        (_database, Receiver, Model) = (database, receiver, model);

    public AppHostModel Model { get; }

    /// <summary>In the place of the dashboard.</summary>
    public OtlpReceiver Receiver { get; }

    public SiloProcess Server => _processes[0];

    public IReadOnlyList<SiloProcess> Engines => _processes[1..];

    /// <param name="engines">How many CPU silos besides the server.</param>
    public static async Task<RunningTopology> StartAsync(int engines)
    {
        var (database, receiver, port) = (await TestDatabase.CreateAsync(), await OtlpReceiver.StartAsync("grpc"), FreePort());
        var model = await AppHostModel.CreateAsync(port,
        [
            $"--ConnectionStrings:rtmatch={database.ConnectionString}", $"--Silos:Cpu={engines}", "--environment=Development",
            $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL={receiver.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"]}",
        ]);
        var topology = new RunningTopology(database, receiver, model);
        var (server, silo) = (await model.EnvironmentAsync("server"), await model.EnvironmentAsync("cpu-silo"));
        topology._processes.AddRange(await Task.WhenAll(
            Enumerable.Range(1, engines).Select(number => SiloProcess.StartAsync(Replica("cpu-silo", $"engine{number}", FreePort(), silo)))
                .Prepend(SiloProcess.StartAsync(Replica("server", "only", port, server)))));
        await topology.UntilAsync("the server is healthy", async () => (await topology.Server.Client.GetAsync("/health")).IsSuccessStatusCode);
        return topology;
    }

    /// <summary>What the orchestrator fills in for each replica: its names and ports.</summary>
    private static Dictionary<string, string> Replica(string resource, string instance, int port, IReadOnlyDictionary<string, string> environment) =>
        environment.ToDictionary(variable => variable.Key, variable => variable.Value
            .Replace("""{{- index .Annotations "otel-service-instance-id" -}}""", instance, StringComparison.Ordinal)
            .Replace("""{{- index .Annotations "otel-service-name" -}}""", resource, StringComparison.Ordinal)
            .Replace($"{AppHostModel.PortOf}orleans-silo", $"{FreePort()}", StringComparison.Ordinal)
            .Replace($"{AppHostModel.PortOf}http", $"{port}", StringComparison.Ordinal));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async Task<JsonElement> GetAsync(string path) => await Server.Client.GetFromJsonAsync<JsonElement>(path);

    /// <summary>Until every ingestion is done.</summary>
    public Task UntilDoneAsync() => UntilAsync("every ingestion is done", async () =>
        (await GetAsync("/v1/ingestions")).GetProperty("items").EnumerateArray().All(ingestion => ingestion.GetProperty("state").GetString() == "done"));

    /// <summary>As an orchestrator stops them; their last spans are sent.</summary>
    public async Task StopAsync()
    {
        foreach (var process in _processes) process.Terminate();
        Assert.All(await Task.WhenAll(_processes.Select(process => process.EndAsync())), code => Assert.Equal(0, code));
    }

    /// <summary>Asked again until it holds; where it never does, the message tells what the processes said.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            if (patience.IsCancellationRequested)
                Assert.Fail($"After {Patience} not: {what}.\n{string.Join('\n', _processes.Select(process => process.Output))}");
            await Task.Delay(200);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        await Model.DisposeAsync();
        await Receiver.DisposeAsync();
        await _database.DisposeAsync();
    }
}
