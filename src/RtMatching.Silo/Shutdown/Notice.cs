namespace RtMatching.Silo.Shutdown;

/// <summary>
/// Between the wish to stop and the end of listening: <c>/health</c> says that this silo is not ready, so load balancers go elsewhere before
/// they would be refused.
/// </summary>
internal sealed class Notice(IHostApplicationLifetime lifetime) : IHostedLifecycleService
{
    /// <summary>Twice what those who ask every second need.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(2);

    public async Task StoppingAsync(CancellationToken cancellation)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested) return;       // it never listened
        lifetime.StopApplication();         // where it is not what brought us here
        await Task.Delay(Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellation) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellation) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellation) => Task.CompletedTask;
}
