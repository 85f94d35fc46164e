using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;
using RtMatching.Orleans.Grains;

namespace RtMatching.Orleans.Silos;

/// <summary>
/// How this silo leaves: told to stop, it says so, takes no more batches, and finishes those it has as long as it may; what is left is handed
/// back before it leaves the cluster.
/// </summary>
internal sealed class SiloLife(ThisSilo silo, SiloStation station, SiloReporting reporting, SiloWork work, IHostApplicationLifetime host)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly Lock _lock = new();
    private IDisposable? _told;
    private Task? _leaving;

    /// <summary>After everything else has begun, and so before anything else ends.</summary>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(SiloLife), ServiceLifecycleStage.Active + 1, BeginAsync, _ => LeaveAsync());

    private Task BeginAsync(CancellationToken cancellation)
    {
        _told = host.ApplicationStopping.Register(() => LeaveAsync().Ignore());
        return Task.CompletedTask;
    }

    private Task LeaveAsync()
    {
        lock (_lock) return _leaving ??= Task.Run(FinishAsync);
    }

    private async Task FinishAsync()
    {
        silo.Stop();
        try
        {
            await reporting.ReportAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // The others notice by what it answers.
        }

        await station.StopAsync(work.ShutdownTime);
    }

    public void Dispose() => _told?.Dispose();
}
