using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using RtMatching.Core.Ingestion;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;
using RtMatching.Orleans.Telemetry;

namespace RtMatching.Orleans.Grains;

/// <summary>The silos that parse and embed, as an ingestion's dispatch sees them.</summary>
internal sealed class ClusterStations(IGrainFactory grains, KnownSilos silos, ISiloStatusOracle membership, ILogger<ClusterStations> log) : IStations
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public IReadOnlyList<Station> At(ItemStage stage)
    {
        var name = Name(stage);
        return [.. from silo in silos.Working
                   where stage == ItemStage.Queued || silo.EngineProblem is null
                   from takes in silo.Stages
                   where takes.Stage == name
                   select new Station(silo.Name, Math.Max(1, takes.Window), Math.Max(1, takes.BatchSize))];
    }

    public async Task<BatchAnswer> WorkAsync(Station station, ItemBatch batch, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            var answer = await AnswerAsync(station.Name, batch, cancellation);
            ClusterSignals.CountBatch(station.Name, Name(batch.Stage), answer.End.ToString().ToLowerInvariant(), Stopwatch.GetElapsedTime(began));
            return answer;
        }
        catch (StationLostException e)
        {
            ClusterSignals.CountLost(station.Name, Name(batch.Stage));
            log.LogWarning("Ingestion {IngestionId}: {Problem} Its {Items} items are given to others.", batch.IngestionId, e.Message, batch.Items.Count);
            throw;
        }
    }

    /// <summary>
    /// Asked again for as long as the silo lives: a call that timed out or broke says nothing of the batch. Sent twice, a batch is worked on once.
    /// </summary>
    private async Task<BatchAnswer> AnswerAsync(string silo, ItemBatch batch, CancellationToken cancellation)
    {
        var address = silos.Find(silo)?.Address ?? throw Lost(silo);
        IStationGrain station = batch.Stage == ItemStage.Queued ? grains.GetGrain<IParsingGrain>(silo) : grains.GetGrain<IEmbeddingGrain>(silo);
        var order = BatchOrder.Of(batch);
        var isBegun = false;
        while (true)
        {
            try
            {
                var reply = isBegun ? await station.AwaitAsync(batch.Token, cancellation) : await station.WorkAsync(order, cancellation);
                if (reply.ToAnswer() is { } answer) return answer;
                if (reply.Kind != BatchReplyKind.Running) throw Lost(silo);
                isBegun = true;
            }
            catch (Exception e) when (Losses.IsLoss(e, cancellation))
            {
                if (membership.GetApproximateSiloStatus(address) is SiloStatus.Dead or SiloStatus.None) throw Lost(silo, e);
                await Task.Delay(Pause, cancellation);
            }
        }
    }

    private static StationLostException Lost(string silo, Exception? inner = null) => new($"Silo {silo} was lost with a batch.", inner);

    private static string Name(ItemStage stage) => stage == ItemStage.Queued ? SiloAbilities.Parse : SiloAbilities.Embed;
}
