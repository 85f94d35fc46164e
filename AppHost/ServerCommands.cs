using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace RtMatching.AppHost;

/// <summary>What the dashboard can do besides showing, each over the server's HTTP API.</summary>
internal sealed class ServerCommands(
    IDistributedApplicationBuilder builder, IResourceBuilder<IResourceWithEndpoints> server, IResourceBuilder<ParameterResource> key)
{
    /// <summary>Leaves a profile's model as it is stored; a new database's is the built-in one.</summary>
    private const string NoModel = "built-in";

    private readonly ParameterResource _model = Parameter(builder, "model", NoModel);
    private readonly ParameterResource _profile = Parameter(builder, "profile", "jd2cv");

    /// <summary>
    /// Once the server answers, the profile of parameter <c>profile</c> gets the model of parameter <c>model</c>: one that it lists under
    /// /v1/models, from the folder of parameter models-folder.
    /// </summary>
    public ServerCommands UseModel()
    {
        builder.Eventing.Subscribe<ResourceReadyEvent>(server.Resource, async (ready, cancellation) =>
        {
            var log = ready.Services.GetRequiredService<ResourceLoggerService>().GetLogger(server.Resource);
            var (model, profile) = (await ValueAsync(_model, cancellation), await ValueAsync(_profile, cancellation));
            if (model == NoModel) return;
            try
            {
                using var client = await ConnectAsync(cancellation);
                var note = await client.SetModelAsync(profile, model, cancellation);
                log.LogInformation("Profile {Profile} embeds with {Model}. {Note}", profile, model, note);
            }
            catch (HttpRequestException exception)
            {
                log.LogError("Profile {Profile} does not embed with {Model}: {Reason}", profile, model, exception.Message);
            }
        });
        return this;
    }

    public ServerCommands IngestSamples()
    {
        var samples = Path.Combine(builder.AppHostDirectory, "..", "samples");
        Add(server, new("ingest-samples", "Ingest the samples", "Hands in the made-up CVs and jobs of rtmatch demo.", "DocumentAdd"), async (client, context) =>
        {
            var profile = await ValueAsync(_profile, context.CancellationToken);
            var jobs = await client.IngestAsync(Path.Combine(samples, "jobs"), "job", profile, context.CancellationToken);
            var cvs = await client.IngestAsync(Path.Combine(samples, "cvs"), "cv", profile, context.CancellationToken);
            return $"{cvs.Files} CVs are ingestion {cvs.Ingestion}, {jobs.Files} jobs are ingestion {jobs.Ingestion}; /status shows how they go.";
        });
        return this;
    }

    public ServerCommands RetryFailed()
    {
        var command = new Command("retry-failed", "Re-run failed items", "Works again on every item that was given up or rejected.", "ArrowRepeatAll");
        Add(server, command, async (client, context) =>
        {
            var (items, ingestions) = await client.RetryFailedAsync(context.CancellationToken);
            return items == 0 ? "No item has failed." : $"Worked on again: {items} of {ingestions} ingestions.";
        });
        return this;
    }

    /// <summary>On each silo's own line. A silo's name is its resource's in the dashboard.</summary>
    public ServerCommands Drain(IEnumerable<IResourceBuilder<IResourceWithEndpoints>> silos)
    {
        var drain = new Command("drain", "Drain", "Finishes what it has and takes no more work, so that it can be stopped.", "ArrowExit");
        var resume = new Command("resume", "Resume", "Takes work again.", "ArrowEnter");
        foreach (var silo in silos)
        {
            Add(silo, drain, (client, context) => SetAsync(client, context, drain: true));
            Add(silo, resume, (client, context) => SetAsync(client, context, drain: false));
        }

        return this;
    }

    private static async Task<string> SetAsync(ServerClient client, ExecuteCommandContext context, bool drain)
    {
        var silo = context.ResourceName;
        await client.SetDrainAsync(silo, drain, context.CancellationToken);
        return drain ? $"{silo} takes no more work; once /status shows no batches there, it can be stopped." : $"{silo} works.";
    }

    private void Add(
        IResourceBuilder<IResourceWithEndpoints> to, Command command, Func<ServerClient, ExecuteCommandContext, Task<string>> work) =>
        to.WithCommand(command.Name, command.Label, context => RunAsync(context, work), new CommandOptions
        {
            Description = command.Description,
            IconName = command.Icon,
            UpdateState = state =>
                state.ResourceSnapshot.HealthStatus == HealthStatus.Healthy ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        });

    private async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context, Func<ServerClient, ExecuteCommandContext, Task<string>> work)
    {
        try
        {
            using var client = await ConnectAsync(context.CancellationToken);
            return CommandResults.Success(await work(client, context));
        }
        catch (HttpRequestException exception)
        {
            return CommandResults.Failure(exception.Message);
        }
    }

    private async Task<ServerClient> ConnectAsync(CancellationToken cancellation)
    {
        var address = await server.GetEndpoint("http").GetValueAsync(cancellation)
            ?? throw new HttpRequestException("The server has no address yet.");
        return new ServerClient(new Uri(address), await ValueAsync(key.Resource, cancellation));
    }

    private static ParameterResource Parameter(IDistributedApplicationBuilder builder, string name, string usual) =>
        builder.AddParameter(name, () => builder.Configuration[$"Parameters:{name}"] is { Length: > 0 } given ? given : usual, publishValueAsDefault: true)
            .Resource;

    private static async Task<string> ValueAsync(ParameterResource parameter, CancellationToken cancellation) =>
        await parameter.GetValueAsync(cancellation) ?? throw new DistributedApplicationException($"parameter {parameter.Name} has no value");

    /// <param name="Icon">Of Fluent UI's, by name.</param>
    private sealed record Command(string Name, string Label, string Description, string Icon);
}
