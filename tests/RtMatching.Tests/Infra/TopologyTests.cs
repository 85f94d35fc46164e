using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RtMatching.Tests.Infra;

/// <summary>The AppHost, compose and Kubernetes bring up the same system, told the same things, and keep the same promises.</summary>
public sealed partial class TopologyTests
{
    private static readonly string[] Silos = ["server", "cpu-silo", "gpu-silo"];

    private static readonly IReadOnlyList<Workload> Compose = Workload.OfCompose();
    private static readonly IReadOnlyList<Workload> Kubernetes = Workload.OfKubernetes();

    [Fact]
    public void The_AppHosts_resources_stand_in_compose_and_in_Kubernetes()
    {
        var appHost = InfraFiles.Text("AppHost/Program.cs") + InfraFiles.Text("AppHost/DatabaseSetup.cs");
        var resources = ResourceName().Matches(appHost).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(["cpu-silo", "gpu-silo", "postgres", "server"], resources);
        string[] all = ["cpu-silo", "dashboard", "gpu-silo", "migrate", "postgres", "server"];
        Assert.Equal([.. all, "migrate/roles"],
            Kubernetes.Select(workload => workload.Name).Order(StringComparer.Ordinal).OrderBy(name => name.Contains('/')));
        Assert.Equal([.. all, "owner", "roles"],
            Compose.Select(workload => workload.Name).Order(StringComparer.Ordinal).OrderBy(name => name is "owner" or "roles"));
    }

    [Theory]
    [InlineData("server", "None")]
    [InlineData("cpu-silo", "Cpu")]
    [InlineData("gpu-silo", "Gpu")]
    public void A_silo_is_told_the_same_everywhere(string name, string engine)
    {
        var (compose, kubernetes) = (Workload.Silo(Compose, name).Environment, Workload.Silo(Kubernetes, name).Environment);
        string[] ofThePlace = ["RTMATCH_NAME", "RTMATCH_ADVERTISE"];
        Assert.Equal(Sorted(compose.ExceptBy(ofThePlace, pair => pair.Key)), Sorted(kubernetes.ExceptBy(ofThePlace, pair => pair.Key)));
        Assert.Equal(name, compose["OTEL_SERVICE_NAME"]);

        var words = Regex.Match(InfraFiles.Text("AppHost/SiloEngine.cs"), $"SiloEngine {engine} = new\\(([^)]*)\\)").Groups[1].Value
            .Split(',', StringSplitOptions.TrimEntries).Select(word => word.Trim('"')).ToArray();
        Assert.Equal((words[0], words[1], words.ElementAtOrDefault(2)),
            (compose["RTMATCH_ENGINE"], compose["RTMATCH_WORK"], compose.GetValueOrDefault("RTMATCH_DEVICE")));
    }

    [Fact]
    public void Whatever_the_AppHost_tells_silos_of_ours_is_told_but_its_own_key()
    {
        var told = Literal().Matches(InfraFiles.Text("AppHost/SiloSetup.cs")).Select(match => match.Value).Where(name => name != "RTMATCH_API_KEY");
        Assert.Subset(Silos.SelectMany(silo => Workload.Silo(Kubernetes, silo).Environment.Keys).ToHashSet(), told.ToHashSet());
    }

    [Fact]
    public void Every_variable_of_ours_is_one_that_the_program_reads()
    {
        var known = Directory.EnumerateFiles(Path.Combine(InfraFiles.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Literal().Matches(File.ReadAllText(file))).Select(match => match.Value).ToHashSet();
        Assert.Contains("RTMATCH_ENGINE", known);
        Assert.Subset(known, Compose.Concat(Kubernetes).SelectMany(workload => workload.Environment.Keys)
            .Where(name => name.StartsWith("RTMATCH_", StringComparison.Ordinal)).ToHashSet());
    }

    [Fact]
    public void What_is_listened_on_is_what_is_published_and_asked()
    {
        foreach (var name in Silos)
        {
            var (compose, kubernetes) = (Workload.Silo(Compose, name), Workload.Silo(Kubernetes, name));
            var ports = kubernetes.Container["ports"]!.AsArray().ToDictionary(port => (string)port!["name"]!, port => (int)port!["containerPort"]!);
            Assert.Equal(($"http://*:{ports["http"]}", $"{ports["silo"]}"),
                (kubernetes.Environment["RTMATCH_HTTP"], kubernetes.Environment["RTMATCH_SILO_PORT"]));
            Assert.Contains($"http://127.0.0.1:{ports["http"]}/health",
                compose.Container["healthcheck"]!["test"]!.AsArray().Select(word => (string)word!));
            if (name == "server")
                Assert.EndsWith($":{ports["http"]}", (string)compose.Container["ports"]!.AsArray().Single()!, StringComparison.Ordinal);
            Assert.Contains($"EXPOSE {ports["http"]} {ports["silo"]}\n", InfraFiles.Text("infra/docker/Dockerfile"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Only_alive_ends_a_silo_and_health_says_whether_it_is_asked()
    {
        var api = InfraFiles.Text("src/RtMatching.Server/API.md");
        Assert.All(["GET /alive", "GET /health"], endpoint => Assert.Contains($"\n## `{endpoint}`", api, StringComparison.Ordinal));
        foreach (var silo in Silos.Select(name => Workload.Silo(Kubernetes, name).Container))
        {
            Assert.Equal(("/alive", "/alive", "/health"), (Asked(silo, "startupProbe"), Asked(silo, "livenessProbe"), Asked(silo, "readinessProbe")));
            var start = silo["startupProbe"]!;
            Assert.True((int)start["periodSeconds"]! * (int)start["failureThreshold"]! > 60, "a silo takes up to a minute to join its cluster");
        }

        Assert.Matches("HEALTHCHECK .*/alive\"", InfraFiles.Text("infra/docker/Dockerfile"));      // what restarts containers goes by this
    }

    [Fact]
    public void A_silo_that_stops_has_time_to_finish()
    {
        var farewell = int.Parse(Regex.Match(
            InfraFiles.Text("src/RtMatching.Silo/Shutdown/ShutdownSetup.cs"), @"Farewell = TimeSpan.FromSeconds\((\d+)\)").Groups[1].Value);
        foreach (var name in Silos)
        {
            var (compose, kubernetes) = (Workload.Silo(Compose, name), Workload.Silo(Kubernetes, name));
            var needed = int.Parse(kubernetes.Environment["RTMATCH_SHUTDOWN_TIME"]!) + farewell;
            Assert.InRange((int)kubernetes.Pod!["terminationGracePeriodSeconds"]!, needed + 1, 600);
            Assert.InRange(int.Parse(((string)compose.Container["stop_grace_period"]!).TrimEnd('s')), needed + 1, 600);
        }
    }

    [Fact]
    public void Texts_stay_out_of_telemetry() => Assert.All(
        Silos.SelectMany(name => new[] { Workload.Silo(Compose, name), Workload.Silo(Kubernetes, name) }),
        silo => Assert.Equal("false", silo.Environment["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"]));

    [Fact]
    public void Silos_are_reached_by_silos_alone()
    {
        Assert.Equal(["dashboard", "server"],
            Compose.Where(workload => workload.Container["ports"] is not null).Select(workload => workload.Name).Order(StringComparer.Ordinal));
        Assert.True((bool)InfraFiles.Compose["networks"]!["silos"]!["internal"]!);
        Assert.All(Compose.Where(workload => workload.Name is not ("server" or "dashboard")),
            workload => Assert.Equal("""["silos"]""", workload.Container["networks"]!.ToJsonString()));

        var policies = InfraFiles.Manifests
            .Where(manifest => (string)manifest["kind"]! == "NetworkPolicy").Select(policy => policy["spec"]!).ToList();
        Assert.Contains(policies, policy => policy["podSelector"]!.AsObject().Count == 0 && policy["ingress"] is null);
        var silo = policies.SelectMany(policy => policy["ingress"] as JsonArray ?? [])
            .Single(rule => rule!["ports"]!.AsArray().Any(port => (string)port!["port"]! == "silo"))!;
        Assert.Equal("silo", (string)silo["from"]!.AsArray().Single()!["podSelector"]!["matchLabels"]!["app.kubernetes.io/component"]!);
    }

    private static string? Asked(JsonNode container, string probe) => (string?)container[probe]!["httpGet"]!["path"];

    private static List<KeyValuePair<string, string?>> Sorted(IEnumerable<KeyValuePair<string, string?>> environment) =>
        [.. environment.OrderBy(pair => pair.Key, StringComparer.Ordinal)];

    [GeneratedRegex(@"Add(?:Server|Engines|Postgres)\(""([a-z-]+)""")]
    private static partial Regex ResourceName();

    [GeneratedRegex("""(?<=")RTMATCH_[A-Z_]+(?=")""")]
    private static partial Regex Literal();
}
