using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.Backend;

/// <summary>Loads the model of the server's profile in the background, so that the first request does not wait for it.</summary>
internal sealed class Readiness(Database database, ServerOptions options, Engines engines, ILogger<Readiness> log) : BackgroundService
{
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(10);

    /// <summary>The model is loaded and has embedded something.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Why it is not; null while it is being loaded.</summary>
    public string? Problem { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken cancellation)
    {
        while (!await TryLoadAsync(cancellation)) await Task.Delay(BetweenAttempts, cancellation);
    }

    private async Task<bool> TryLoadAsync(CancellationToken cancellation)
    {
        try
        {
            var profile = await new ProfileStore(database).FindActiveAsync(options.Profile, cancellation);
            var engine = await engines.GetAsync(profile?.Profile.ModelPath, cancellation);
            await engine.EmbedAsync(["ready"], new EmbeddingOptions(), EnginePriority.Interactive, cancellation);
            (IsReady, Problem) = (true, null);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Problem = e is InvalidModelException ? e.Message : $"The model of profile {options.Profile} could not be loaded: {e.GetType().Name}.";
            log.LogError("{Problem} Tried again in {Pause} s.", Problem, BetweenAttempts.TotalSeconds);
        }

        return IsReady;
    }
}
