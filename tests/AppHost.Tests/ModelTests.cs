using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace RtMatching.AppHost.Tests;

public class ModelTests
{
    private const string External = "--ConnectionStrings:rtmatch=Host=elsewhere;Database=rtmatch;Username=app";

    /// <summary>Instance and service are filled in by the orchestrator.</summary>
    private const string Instance = """{{- index .Annotations "otel-service-instance-id" -}}""";
    private const string Service = """{{- index .Annotations "otel-service-name" -}}""";

    [Fact]
    public async Task The_resources_are_a_database_a_server_and_silos_with_replicas()
    {
        await using var model = await AppHostModel.CreateAsync("--Silos:Cpu=3", "--Silos:Gpu=2");
        Assert.Equal(["cpu-silo", "gpu-silo", "postgres", "rtmatch", "server"], Names(model));
        Assert.Equal([("cpu-silo", 3), ("gpu-silo", 2), ("server", 1)], model.Resources.OfType<ProjectResource>()
            .Select(silo => (silo.Name, silo.GetReplicaCount())).OrderBy(silo => silo.Name));
        Assert.All(model.Resources.OfType<ProjectResource>(), silo =>
            Assert.Equal("RtMatching.Silo.csproj", Path.GetFileName(silo.GetProjectMetadata().ProjectPath)));
    }

    [Fact]
    public async Task Without_settings_there_are_two_cpu_silos_and_none_on_gpus()
    {
        await using var model = await AppHostModel.CreateAsync();
        Assert.Equal(["cpu-silo", "postgres", "rtmatch", "server"], Names(model));
        Assert.Equal(2, model["cpu-silo"].GetReplicaCount());
    }

    [Fact]
    public async Task PostgreSQL_has_pgvector_a_volume_shared_memory_and_connections_for_every_silo()
    {
        await using var model = await AppHostModel.CreateAsync("--Silos:Cpu=5");
        var postgres = model["postgres"];
        var image = postgres.Annotations.OfType<ContainerImageAnnotation>().Single();
        Assert.Equal(("docker.io", "pgvector/pgvector", "pg17"), (image.Registry, image.Image, image.Tag));
        var volume = postgres.Annotations.OfType<ContainerMountAnnotation>().Single();
        Assert.Equal(
            (ContainerMountType.Volume, "rtmatching-postgres", "/var/lib/postgresql/data", false),
            (volume.Type, volume.Source, volume.Target, volume.IsReadOnly));
        Assert.Equal(["--shm-size=1g"], await RuntimeArgumentsAsync(postgres));
        Assert.Equal("rtmatch", (await model.EnvironmentAsync("postgres"))["POSTGRES_DB"]);
        Assert.Equal(["-c", "max_connections=202"], await model.ArgumentsAsync("postgres"));
    }

    [Theory]
    [InlineData("server")]
    [InlineData("cpu-silo")]
    [InlineData("gpu-silo")]
    public async Task Every_silo_refers_to_and_waits_for_the_database_and_is_checked_for_health(string name)
    {
        await using var model = await AppHostModel.CreateAsync("--Silos:Gpu=1");
        var (silo, database) = (model[name], model["rtmatch"]);
        Assert.Contains(silo.Annotations.OfType<ResourceRelationshipAnnotation>(), relation => (relation.Type, relation.Resource) == ("Reference", database));
        Assert.Contains(silo.Annotations.OfType<WaitAnnotation>(), wait => (wait.WaitType, wait.Resource) == (WaitType.WaitUntilHealthy, database));
        Assert.Equal($"{name}_http_/health_200_check", silo.Annotations.OfType<HealthCheckAnnotation>().Single().Key);
        Assert.NotEmpty(model["rtmatch"].Annotations.OfType<HealthCheckAnnotation>());
        Assert.Equal(["http", "orleans-silo"], silo.Annotations.OfType<EndpointAnnotation>().Select(endpoint => endpoint.Name).Order());
    }

    [Fact]
    public async Task Only_the_server_is_reached_from_outside()
    {
        await using var model = await AppHostModel.CreateAsync("--Silos:Gpu=1", "--Server:Port=8123");
        var external = from resource in model.Resources
                       from endpoint in resource.Annotations.OfType<EndpointAnnotation>()
                       where endpoint.IsExternal
                       select (resource.Name, endpoint.Name, endpoint.Port!.Value);
        Assert.Equal([("server", "http", 8123)], external);
    }

    [Fact]
    public async Task A_silo_gets_this_environment_and_nothing_else()
    {
        await using var model = await AppHostModel.CreateAsync(
            "--Silos:Gpu=1", "--environment=Development", "--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://localhost:19080");
        var gpu = await model.EnvironmentAsync("gpu-silo");
        var expected = new Dictionary<string, string>
        {
            ["ConnectionStrings__rtmatch"] = $"Host=localhost;Port=1234;Username=postgres;Password={AppHostModel.Password};Database=rtmatch",
            ["Orleans__ClusterId"] = "rtmatch", ["Orleans__ServiceId"] = "rtmatch", ["Orleans__EnableDistributedTracing"] = "true",
            ["Orleans__Clustering__ProviderType"] = "AdoNet", ["Orleans__Clustering__Invariant"] = "Npgsql",
            ["Orleans__Clustering__ConnectionName"] = "rtmatch",
            ["Orleans__Reminders__ProviderType"] = "AdoNet", ["Orleans__Reminders__Invariant"] = "Npgsql",
            ["Orleans__Reminders__ConnectionName"] = "rtmatch",
            ["Orleans__Endpoints__SiloPort"] = "port of orleans-silo",
            ["RTMATCH_NAME"] = $"gpu-silo-{Instance}", ["RTMATCH_ENGINE"] = "torch", ["RTMATCH_DEVICE"] = "cuda", ["RTMATCH_WORK"] = "embed",
            ["RTMATCH_HTTP"] = "http://localhost:port of http", ["RTMATCH_API_KEY"] = AppHostModel.ApiKey,
            ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "false",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:19080", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_SERVICE_NAME"] = Service, ["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={Instance}",
        };
        foreach (var (name, value) in expected) Assert.Equal((name, value), (name, gpu.GetValueOrDefault(name)));
        string[] aspires = ["ASPNETCORE_URLS", "DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "OTEL_", "LOGGING__"];
        Assert.All(gpu.Keys.Except(expected.Keys), name => Assert.Contains(aspires, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)));

        var (cpu, server) = (await model.EnvironmentAsync("cpu-silo"), await model.EnvironmentAsync("server"));
        Assert.Equal(("cpu", "embed", null), (cpu["RTMATCH_ENGINE"], cpu["RTMATCH_WORK"], cpu.GetValueOrDefault("RTMATCH_DEVICE")));
        Assert.Equal(("none", "parse", null), (server["RTMATCH_ENGINE"], server["RTMATCH_WORK"], server.GetValueOrDefault("RTMATCH_DEVICE")));
    }

    [Fact]
    public async Task A_database_that_is_given_takes_the_containers_place()
    {
        await using var model = await AppHostModel.CreateAsync(External);
        Assert.Equal(["cpu-silo", "rtmatch", "server"], Names(model));
        Assert.Equal("Host=elsewhere;Database=rtmatch;Username=app", (await model.EnvironmentAsync("cpu-silo"))["ConnectionStrings__rtmatch"]);
        Assert.Contains(model["server"].Annotations.OfType<WaitAnnotation>(), wait => wait.Resource == model["rtmatch"]);
    }

    [Fact]
    public async Task With_images_every_silo_is_a_container_and_each_gpu_has_one()
    {
        await using var model = await AppHostModel.CreateAsync(
            External, "--Silos:Cpu=1", "--Silos:Gpu=2", "--Images:Silo=silo:1", "--Images:GpuSilo=silo:1-cuda",
            "--Parameters:models-folder=/data/models", "--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://dashboard.example:18889");
        Assert.Equal(["cpu-silo-1", "gpu-silo-1", "gpu-silo-2", "rtmatch", "server"], Names(model));
        Assert.Empty(model.Resources.OfType<ProjectResource>());
        Assert.Empty(await RuntimeArgumentsAsync(model["cpu-silo-1"]));
        Assert.Equal(["--gpus=device=1"], await RuntimeArgumentsAsync(model["gpu-silo-2"]));
        Assert.Equal("1-cuda", model["gpu-silo-2"].Annotations.OfType<ContainerImageAnnotation>().Single().Tag);
        var models = model["gpu-silo-2"].Annotations.OfType<ContainerMountAnnotation>().Single();
        Assert.Equal((ContainerMountType.BindMount, "/data/models", "/models", true), (models.Type, models.Source, models.Target, models.IsReadOnly));
        var environment = await model.EnvironmentAsync("gpu-silo-2");
        Assert.Equal(("gpu-silo-2", "http://*:8080", "11111", "/models"),
            (environment["RTMATCH_NAME"], environment["RTMATCH_HTTP"], environment["Orleans__Endpoints__SiloPort"], environment["RTMATCH_MODELS"]));
        Assert.Equal(("false", "http://dashboard.example:18889"),
            (environment["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"], environment["OTEL_EXPORTER_OTLP_ENDPOINT"]));
    }

    [Fact]
    public async Task The_dashboard_offers_commands_and_links()
    {
        await using var model = await AppHostModel.CreateAsync();
        Assert.Superset(new HashSet<string> { "ingest-samples", "retry-failed" }, Commands(model["server"]));
        Assert.Superset(new HashSet<string> { "drain", "resume" }, Commands(model["cpu-silo"]));
        var server = (IResourceWithEndpoints)model["server"];
        var urls = new ResourceUrlsCallbackContext(new DistributedApplicationExecutionContext(DistributedApplicationOperation.Run), server,
            [new ResourceUrlAnnotation { Url = "http://localhost:8080", Endpoint = server.GetEndpoint("http") }]);
        foreach (var callback in server.Annotations.OfType<ResourceUrlsCallbackAnnotation>()) await callback.Callback(urls);
        Assert.Equal(
            [("API", "http://localhost:8080"), ("Status", "http://localhost:8080/status"),
             ("Orleans dashboard", "http://localhost:8080/dashboard"), ("OpenAPI", "http://localhost:8080/openapi.json")],
            urls.Urls.Select(url => (url.DisplayText, url.Url)));
    }

    [Fact]
    public async Task Secrets_are_secret_parameters()
    {
        await using var model = await AppHostModel.CreateAsync();
        var parameters = model.Resources.OfType<ParameterResource>().ToDictionary(parameter => parameter.Name, parameter => parameter.Secret);
        Assert.Equal(["api-key", "postgres-password"], parameters.Where(parameter => parameter.Value).Select(parameter => parameter.Key).Order());
        Assert.Equal(["model", "profile"], parameters.Where(parameter => !parameter.Value).Select(parameter => parameter.Key).Order());
    }

    [Theory]
    [InlineData("Silos:Gpu=many", "--Silos:Gpu=many")]
    [InlineData("Silos:Cpu=65", "--Silos:Cpu=65")]
    [InlineData("Server:Port=-1", "--Server:Port=-1")]
    [InlineData("Images:Silo", "--Images:GpuSilo=silo:cuda")]
    [InlineData("Images:GpuSilo", "--Images:Silo=silo:1", "--Silos:Gpu=1")]
    public async Task A_wrong_setting_is_named(string named, params string[] settings)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => AppHostModel.CreateAsync(settings));
        Assert.Contains(named, refusal.GetBaseException().Message, StringComparison.Ordinal);
    }

    /// <summary>But for parameters, and what Aspire adds to build a project anew.</summary>
    private static IEnumerable<string> Names(AppHostModel model) => model.Resources
        .Where(resource => resource is not ParameterResource || resource is IResourceWithConnectionString).Select(resource => resource.Name)
        .Where(name => !name.EndsWith("-rebuilder", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static HashSet<string> Commands(IResource resource) =>
        [.. resource.Annotations.OfType<ResourceCommandAnnotation>().Select(command => command.Name)];

    private static async Task<IReadOnlyList<object>> RuntimeArgumentsAsync(IResource resource)
    {
        var context = new ContainerRuntimeArgsCallbackContext([]);
        foreach (var callback in resource.Annotations.OfType<ContainerRuntimeArgsCallbackAnnotation>()) await callback.Callback(context);
        return [.. context.Args];
    }
}
