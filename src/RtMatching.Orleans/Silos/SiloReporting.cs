using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Silos;

/// <summary>Tells the directory of this silo every two seconds, and learns of the others.</summary>
public sealed class SiloReporting : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    // Reports are small and never wait: one that takes longer went to a silo that died.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IGrainFactory _grains;
    private readonly ThisSilo _self;
    private readonly KnownSilos _known;
    private readonly ILogger<SiloReporting> _log;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private bool _failing;

    internal SiloReporting(IGrainFactory grains, ThisSilo self, KnownSilos known, ILogger<SiloReporting> log) =>
        (_grains, _self, _known, _log) = (grains, self, known, log);

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SiloReporting), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    private Task StartAsync(CancellationToken cancellation)
    {
        _loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellation)
    {
        await _stop.CancelAsync();
        await _loop;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Pace);
        do await TryReportAsync();
        while (await NextAsync(timer));
    }

    private async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Now, besides the regular ones.</summary>
    public async Task ReportAsync(CancellationToken cancellation)
    {
        var report = _self.Report();
        _known.Update(report);
        _known.Update(await _grains.GetGrain<ISiloDirectoryGrain>(0).ReportAsync(report, cancellation).WaitAsync(Patience, cancellation));
    }

    private async Task TryReportAsync()
    {
        try
        {
            await ReportAsync(_stop.Token);
            if (_failing) _log.LogInformation("The directory of silos answers again.");
            _failing = false;
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            // The directory's silo died, most likely; it is made anew elsewhere within seconds. Once is enough to say so.
            if (!_failing)
                _log.LogWarning("The directory of silos does not answer ({Error}); asked again every {Pace} s.", e.GetType().Name, Pace.TotalSeconds);
            _failing = true;
        }
        catch (OperationCanceledException)
        {
        }
    }

    public void Dispose() => _stop.Dispose();
}
