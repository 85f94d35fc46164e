using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;

namespace RtMatching.Server.Backend;

/// <summary>
/// Runs the loop over bulk rankings where this process embeds. A stopping server leases no more jobs and finishes its batch, or hands it back.
/// </summary>
internal sealed class BulkRankingWork : IHostedService, IDisposable
{
    private readonly IngestionStages _stages;
    private readonly BulkRankingLoop _loop;
    private readonly ServerLoop _run;

    public BulkRankingWork(
        Database database, ServerOptions options, ProfileEmbedding embedding, IHostApplicationLifetime lifetime, ILogger<BulkRankingWork> log)
    {
        _stages = options.Work;
        _loop = new BulkRankingLoop(database, embedding.Background, tell: e => log.LogWarning("Bulk rankings wait: {Type}. Tried again soon.", e.GetType().Name));
        _run = new ServerLoop(lifetime, options.ShutdownTime, _loop.RunAsync);
    }

    /// <summary>There is new work.</summary>
    public void Wake() => _loop.Wake();

    public Task StartAsync(CancellationToken cancellation)
    {
        if (_stages.HasFlag(IngestionStages.Embed)) _run.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellation) => _run.StopAsync();

    public void Dispose() => _run.Dispose();
}
