using Microsoft.Extensions.Logging;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Grains;

/// <summary>This silo's one station, whichever grain a batch comes through.</summary>
internal sealed class SiloStation : IAsyncDisposable
{
    // Of several ingestions: what of each is too little for a batch of the engine fills one together.
    private const int LeastCapacity = 8;

    private readonly IngestionStation _station;
    private readonly Refusals _refusals;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _keeper;

    public SiloStation(Database database, SiloWork work, Engines? engines, Refusals refusals, ILogger log)
    {
        _refusals = refusals;
        var capacity = Math.Max(LeastCapacity, Math.Max(work.Ingestion.ParseParallelism, work.EmbedWindow));
        _station = new IngestionStation(database, work.Ingestion with { Logger = log }, engines, trouble => Troubles.Tell(log, trouble), capacity);
        _keeper = Task.Run(() => _station.RunAsync(_ended.Token), CancellationToken.None);
    }

    /// <summary>Batches that are worked on now.</summary>
    public int Batches => _station.Batches;

    public async Task<BatchAnswer> WorkAsync(ItemBatch batch)
    {
        var answer = await _station.WorkAsync(batch, CancellationToken.None);

        // Parsing lacks a program, whatever the profile.
        var profile = batch.Stage == ItemStage.Queued ? 0 : batch.ProfileVersionId;
        if (answer.End == BatchEnd.Refused) _refusals.Note(profile, answer.Reason ?? "It gave no reason.");
        else if (answer.End == BatchEnd.Worked) _refusals.Note(profile, null);
        return answer;
    }

    /// <inheritdoc cref="IngestionStation.Drain"/>
    public void Drain(bool drains) => _station.Drain(drains);

    /// <inheritdoc cref="IngestionStation.StopAsync"/>
    public Task StopAsync(TimeSpan patience) => _station.StopAsync(patience);

    public async ValueTask DisposeAsync()
    {
        await _station.DisposeAsync();
        await _ended.CancelAsync();
        await _keeper;
        _ended.Dispose();
    }
}
