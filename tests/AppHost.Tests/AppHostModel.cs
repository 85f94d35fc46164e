using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace RtMatching.AppHost.Tests;

/// <summary>What the AppHost describes, without an orchestrator that would run it.</summary>
internal sealed class AppHostModel : IAsyncDisposable
{
    public const string ApiKey = "rtm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    public const string Password = "QuackPostgresQuack12345";

    /// <summary>Stands where the orchestrator puts each replica's own port.</summary>
    public const string PortOf = "port of ";

    private readonly DistributedApplication _application;

    private AppHostModel(DistributedApplication application) => _application = application;

    public IReadOnlyList<IResource> Resources => [.. _application.Services.GetRequiredService<DistributedApplicationModel>().Resources];

    public IServiceProvider Services => _application.Services;

    /// <param name="settings">As on the AppHost's command line, for example <c>--Silos:Gpu=1</c>.</param>
    public static Task<AppHostModel> CreateAsync(params string[] settings) => CreateAsync(1234, settings);

    /// <param name="port">At which the orchestrator would let every endpoint be reached from outside.</param>
    public static async Task<AppHostModel> CreateAsync(int port, string[] settings)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            [$"--Parameters:api-key={ApiKey}", $"--Parameters:postgres-password={Password}", .. settings]);
        foreach (var endpoint in builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()))
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", port, $"{PortOf}{endpoint.Name}");
        return new AppHostModel(await builder.BuildAsync());
    }

    public IResource this[string name] => Resources.Single(resource => resource.Name == name);

    /// <summary>The variables that a resource is started with.</summary>
    public async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(string name) =>
        (await BuildAsync(ExecutionConfigurationBuilder.Create(this[name]).WithEnvironmentVariablesConfig()))
            .EnvironmentVariables.ToDictionary(StringComparer.Ordinal);

    /// <summary>The arguments that a resource is started with.</summary>
    public async Task<IReadOnlyList<string>> ArgumentsAsync(string name) =>
        [.. (await BuildAsync(ExecutionConfigurationBuilder.Create(this[name]).WithArgumentsConfig())).Arguments.Select(argument => argument.Value)];

    /// <summary>What a command of the dashboard answers.</summary>
    /// <param name="instance">As the dashboard knows the replica.</param>
    public Task<ExecuteCommandResult> RunAsync(string name, string command, string? instance = null)
    {
        var found = this[name].Annotations.OfType<ResourceCommandAnnotation>().Single(annotation => annotation.Name == command);
        return found.ExecuteCommand(new ExecuteCommandContext
        {
            Services = Services, ResourceName = instance ?? name, CancellationToken = CancellationToken.None, Logger = NullLogger.Instance,
            Arguments = new InteractionInputCollection([]),
        });
    }

    private async Task<IExecutionConfigurationResult> BuildAsync(IExecutionConfigurationBuilder builder)
    {
        var configuration = await builder.BuildAsync(Services.GetRequiredService<DistributedApplicationExecutionContext>());
        Assert.Null(configuration.Exception);
        return configuration;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
