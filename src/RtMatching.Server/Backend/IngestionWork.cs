using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Backend;

/// <summary>Runs the ingestion loop as long as the server runs. A stopping server leases no more and finishes what it has, or hands it back.</summary>
internal sealed class IngestionWork : IHostedService, IAsyncDisposable
{
    private readonly IngestionLoop _loop;
    private readonly ServerLoop _run;

    public IngestionWork(
        Database database, ServerOptions options, Engines engines, IHostApplicationLifetime lifetime, ILogger<IngestionWork> log)
    {
        _loop = new IngestionLoop(database, options.Ingestion with { Stages = options.Work, Logger = log }, engines, trouble => Tell(log, trouble));
        _run = new ServerLoop(lifetime, options.ShutdownTime, _loop.RunAsync);
    }

    /// <summary>There is new work.</summary>
    public void Wake() => _loop.Wake();

    public Task StartAsync(CancellationToken cancellation)
    {
        _run.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellation) => _run.StopAsync();

    private static void Tell(ILogger log, IngestionTrouble trouble)
    {
        var what = trouble.IngestionId is { } id ? $"Ingestion {id}" : "Ingestion";
        log.LogWarning("{What}: {Message} Tried again in {Pause} s.", what, trouble.Message, trouble.Pause.TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _run.Dispose();
    }
}
