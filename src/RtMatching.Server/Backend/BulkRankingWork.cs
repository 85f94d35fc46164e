using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Backend;

/// <summary>
/// Runs the loop over bulk rankings where this process embeds. A stopping server leases no more jobs and finishes its batch, or hands it back.
/// </summary>
internal sealed class BulkRankingWork : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ServerOptions _options;
    private readonly BulkRankingLoop _loop;
    private Task _run = Task.CompletedTask;

    public BulkRankingWork(
        Database database, ServerOptions options, ProfileRankings rankings, IHostApplicationLifetime lifetime, ILogger<BulkRankingWork> log)
    {
        (_lifetime, _options) = (lifetime, options);
        _loop = new BulkRankingLoop(database, rankings.Background, tell: e => log.LogWarning("Bulk rankings wait: {Type}. Tried again soon.", e.GetType().Name));
    }

    /// <summary>There is new work.</summary>
    public void Wake() => _loop.Wake();

    public Task StartAsync(CancellationToken cancellation)
    {
        if (_options.Work.HasFlag(IngestionStages.Embed))
            _lifetime.ApplicationStarted.Register(() => _run = Task.Run(() => _loop.RunAsync(_stop.Token, _abort.Token), CancellationToken.None));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        await _stop.CancelAsync();
        _abort.CancelAfter(_options.ShutdownTime);
        await _run;
    }

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }
}
