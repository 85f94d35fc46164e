using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Backend;

/// <summary>Runs the ingestion loop as long as the server runs. A stopping server leases no more and finishes what it has, or hands it back.</summary>
internal sealed class IngestionWork : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeSpan _shutdownTime;
    private readonly IngestionLoop _loop;
    private Task _run = Task.CompletedTask;

    public IngestionWork(
        Database database, ServerOptions options, Engines engines, IHostApplicationLifetime lifetime, ILogger<IngestionWork> log)
    {
        (_lifetime, _shutdownTime) = (lifetime, options.ShutdownTime);
        _loop = new IngestionLoop(database, options.Ingestion with { Stages = options.Work, Logger = log }, path => engines.Get(path).Model, trouble => Tell(log, trouble));
    }

    /// <summary>There is new work.</summary>
    public void Wake() => _loop.Wake();

    /// <summary>Once the server listens: one that cannot, its port being taken, say, leases nothing.</summary>
    public Task StartAsync(CancellationToken cancellation)
    {
        _lifetime.ApplicationStarted.Register(() => _run = _loop.RunAsync(_stop.Token, _abort.Token));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        await _stop.CancelAsync();
        _abort.CancelAfter(_shutdownTime);
        await _run;
    }

    private static void Tell(ILogger log, IngestionTrouble trouble)
    {
        var what = trouble.IngestionId is { } id ? $"Ingestion {id}" : "Ingestion";
        log.LogWarning("{What}: {Message} Tried again in {Pause} s.", what, trouble.Message, trouble.Pause.TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _stop.Dispose();
        _abort.Dispose();
    }
}
