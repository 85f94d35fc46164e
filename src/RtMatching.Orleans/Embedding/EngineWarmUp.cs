using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Orleans.Embedding;

/// <summary>Loads the default profile's model when the silo has joined, so that it is ready before the first ranking comes.</summary>
internal sealed class EngineWarmUp(Database database, Engines engines, ILogger<EngineWarmUp> log) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(EngineWarmUp), ServiceLifecycleStage.Active, _ =>
    {
        _run = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }, async _ =>
    {
        await _stop.CancelAsync();
        await _run;
    });

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested && !await TryLoadAsync())
            await Task.Delay(BetweenAttempts, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> TryLoadAsync()
    {
        try
        {
            var profile = await new ProfileStore(database).FindActiveAsync(TaskProfile.DefaultName, _stop.Token);
            var engine = await engines.GetAsync(profile?.Profile.ModelPath, _stop.Token);
            await engine.EmbedAsync(["ready"], new EmbeddingOptions(), EnginePriority.Interactive, _stop.Token);
            return true;
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            log.LogWarning("The model of profile {Profile} is not ready ({Problem}); tried again in {Pause} s.",
                TaskProfile.DefaultName, e is InvalidModelException ? e.Message : e.GetType().Name, BetweenAttempts.TotalSeconds);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    public void Dispose() => _stop.Dispose();
}
