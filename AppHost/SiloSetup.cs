using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;
using Aspire.Hosting.Orleans;
using Microsoft.Extensions.Configuration;

namespace RtMatching.AppHost;

/// <summary>Adds silos: what each is told of the database, the cluster, its engine, its addresses and its telemetry.</summary>
internal sealed class SiloSetup(
    IDistributedApplicationBuilder builder, OrleansService cluster, IResourceBuilder<IResourceWithConnectionString> database,
    IResourceBuilder<ParameterResource> key)
{
    private const string Http = "http";
    private const int HttpPortInside = 8080;        // of a container
    private const int SiloPortInside = 11111;
    private const string ModelsInside = "/models";
    private const string DashboardPath = "/dashboard";

    /// <summary>
    /// Of the replica that the orchestrator starts; the dashboard knows it by the resource's name and this. Never interpolated: where a string is
    /// interpolated Aspire takes double braces for escaped single ones.
    /// </summary>
    private const string ReplicaId = """{{- index .Annotations "otel-service-instance-id" -}}""";

    private readonly SiloImages _images = SiloImages.Read(builder.Configuration);
    private readonly string? _models = builder.Configuration["Parameters:models-folder"] is { Length: > 0 } folder ? Path.GetFullPath(folder) : null;

    /// <summary>Those with an engine.</summary>
    public List<IResourceBuilder<IResourceWithEndpoints>> Engines { get; } = [];

    /// <summary>The silo without an engine that answers requests from outside.</summary>
    public IResourceBuilder<IResourceWithEndpoints> AddServer(string name, int port)
    {
        var server = Add(name, SiloEngine.None, replicas: 1).Single();
        return server.WithEndpoint(Http, endpoint => (endpoint.Port, endpoint.IsExternal) = (port == 0 ? null : port, true)).WithUrls(Links);
    }

    /// <summary>Silos that embed.</summary>
    public void AddEngines(string name, SiloEngine engine, int replicas) => Engines.AddRange(Add(name, engine, replicas));

    /// <summary>Replicas of one project, or containers named <c>name-1</c>, <c>name-2</c>, ...</summary>
    private IEnumerable<IResourceBuilder<IResourceWithEndpoints>> Add(string name, SiloEngine engine, int replicas)
    {
        if (replicas == 0) return [];
        if (!_images.AreUsed) return [AddProcesses(name, engine, replicas)];
        return engine == SiloEngine.None ? [AddContainer(name, engine, 0)]
            : [.. Enumerable.Range(0, replicas).Select(index => AddContainer($"{name}-{index + 1}", engine, index))];
    }

    private IResourceBuilder<ProjectResource> AddProcesses(string name, SiloEngine engine, int replicas)
    {
        var silo = Configure(builder.AddProject<Projects.RtMatching_Silo>(name), engine, isContainer: builder.ExecutionContext.IsPublishMode)
            .WithReplicas(replicas)
            .DisableForwardedHeaders()      // who asks is limited by its address: nobody's word is taken for that
            .PublishAsDockerComposeService((_, service) => service.Deploy = new Deploy { Replicas = replicas });
        return builder.ExecutionContext.IsRunMode ? silo.WithEnvironment("RTMATCH_NAME", name + "-" + ReplicaId) : silo;
    }

    /// <param name="index">Of its GPU, where it has one.</param>
    private IResourceBuilder<ContainerResource> AddContainer(string name, SiloEngine engine, int index)
    {
        var silo = Configure(builder.AddContainer(name, _images.Of(engine)).WithOtlpExporter(), engine, isContainer: true)
            .WithEndpoint("orleans-silo", endpoint => endpoint.TargetPort = SiloPortInside)
            .WithEnvironment("RTMATCH_NAME", name);
        if (_models is not null) silo.WithBindMount(_models, ModelsInside, isReadOnly: true);
        return engine.Device is null ? silo : silo.WithContainerRuntimeArgs($"--gpus=device={index}");
    }

    private IResourceBuilder<T> Configure<T>(IResourceBuilder<T> silo, SiloEngine engine, bool isContainer)
        where T : IComputeResource, IResourceWithEnvironment, IResourceWithEndpoints, IResourceWithWaitSupport
    {
        silo.WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.ConnectionString)      // the password is in that; not in five more variables
            .WithReference(database)
            .WithReference(cluster)
            .WithHttpEndpoint(name: Http, targetPort: isContainer ? HttpPortInside : null)
            .WithHttpHealthCheck("/health", endpointName: Http)
            .WaitFor(database)
            .WithEnvironment("RTMATCH_API_KEY", key)
            .WithEnvironment("RTMATCH_ENGINE", engine.Kind)
            .WithEnvironment("RTMATCH_WORK", engine.Work)
            .WithEnvironment("RTMATCH_HTTP", Address(silo.GetEndpoint(Http), isContainer))
            .WithEnvironment("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false");    // Aspire says true while developing: texts are CVs
        if (engine.Device is not null) silo.WithEnvironment("RTMATCH_DEVICE", engine.Device);
        if (_models is not null) silo.WithEnvironment("RTMATCH_MODELS", isContainer ? ModelsInside : _models);
        return WithoutGateway(silo).PublishAsDockerComposeService((_, service) => Compose.WaitForHealth(service));
    }

    /// <summary>On loopback, where no keys are needed, and silos reach each other there too; in a container, on every address.</summary>
    private static ReferenceExpression Address(EndpointReference http, bool isContainer) => isContainer
        ? ReferenceExpression.Create($"http://*:{http.Property(EndpointProperty.TargetPort)}")
        : ReferenceExpression.Create($"http://localhost:{http.Property(EndpointProperty.TargetPort)}");

    /// <summary>Orleans's door for its own clients: nothing of ours uses it, and it asks for no key.</summary>
    private static IResourceBuilder<T> WithoutGateway<T>(IResourceBuilder<T> silo)
        where T : IResourceWithEnvironment, IResourceWithEndpoints
    {
        foreach (var gateway in silo.Resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.Name == "orleans-gateway").ToList())
            silo.Resource.Annotations.Remove(gateway);
        return silo.WithEnvironment(context => context.EnvironmentVariables.Remove("Orleans__Endpoints__GatewayPort"));
    }

    private static void Links(ResourceUrlsCallbackContext context)
    {
        if (context.Urls.FirstOrDefault(url => url.Endpoint?.EndpointName == Http) is not { } api) return;
        var address = api.Url.TrimEnd('/');
        api.DisplayText = "API";
        context.Urls.Add(new() { Url = address + "/status", DisplayText = "Status" });
        context.Urls.Add(new() { Url = address + DashboardPath, DisplayText = "Orleans dashboard" });
        context.Urls.Add(new() { Url = address + "/openapi.json", DisplayText = "OpenAPI" });
    }
}
