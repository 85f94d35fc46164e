using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Storage;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Placement;
using RtMatching.Orleans.Silos;

namespace RtMatching.Orleans.Grains;

/// <inheritdoc cref="IOverseerGrain"/>
/// <remarks>Whoever hands in something starts its grain at once; this is for what was left behind: by a silo that died, or by a command line.</remarks>
[Reentrant, RandomPlacement, SiloFilter(SiloNeed.Staying), GrainType("rtmatch.overseer")]
internal sealed class OverseerGrain : Grain, IOverseerGrain
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenExpiries = TimeSpan.FromMinutes(1);

    // Ingestions and bulk rankings started at once.
    private const int Parallel = 16;

    private readonly IGrainFactory _grains;
    private readonly OpenWork _work;
    private readonly OpenBulkRankings _bulkRankings;
    private readonly ThisSilo _silo;
    private readonly KnownSilos _known;
    private readonly TimeProvider _time;
    private readonly ILogger<OverseerGrain> _log;
    private IGrainTimer? _timer;
    private long? _expired;

    public OverseerGrain(
        IGrainFactory grains, Database database, SiloWork work, ThisSilo silo, KnownSilos known, GrainCounts counts, TimeProvider time, IGrainContext context,
        ILogger<OverseerGrain> log)
    {
        (_grains, _silo, _known, _time, _log) = (grains, silo, known, time, log);
        _work = new OpenWork(database, work.Ingestion with { Logger = log }, trouble => Troubles.Tell(log, trouble));
        _bulkRankings = new OpenBulkRankings(database);
        counts.Follow("overseer", context);
    }

    public Task WakeAsync(CancellationToken cancellation)
    {
        _timer ??= this.RegisterGrainTimer(LookAsync, new GrainTimerCreationOptions(TimeSpan.Zero, Pace) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        if (_silo.Leaves && _known.Working.Any())
        {
            DeactivateOnIdle();     // a silo that stays takes it over with its next report
            return;
        }

        try
        {
            await Task.Run(() => LookAndStartAsync(cancellation), cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            _log.LogWarning("Open work could not be looked for ({Error}); looked again in {Pace} s.", e.GetType().Name, Pace.TotalSeconds);
        }
    }

    private async Task LookAndStartAsync(CancellationToken cancellation)
    {
        var ingestions = await _work.LookAsync(cancellation);
        await EachAsync(ingestions, id => _grains.GetGrain<IIngestionGrain>(id).StartAsync(cancellation), cancellation);
        var bulkRankings = await _bulkRankings.FindAsync(cancellation);
        await EachAsync(bulkRankings, id => _grains.GetGrain<IBulkRankingGrain>(id).StartAsync(cancellation), cancellation);
        if (_expired is { } at && _time.GetElapsedTime(at) < BetweenExpiries) return;
        _expired = _time.GetTimestamp();
        await _bulkRankings.ExpireAsync(cancellation);
    }

    /// <summary>One that cannot be started, on a silo that has just died, say, holds up no other.</summary>
    private static Task EachAsync(IReadOnlyList<long> ids, Func<long, Task> start, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation };
        return System.Threading.Tasks.Parallel.ForEachAsync(ids, parallel, async (id, _) =>
        {
            try
            {
                await start(id);
            }
            catch (Exception e) when (Losses.IsLoss(e, cancellation))
            {
                // Started with the next look.
            }
        });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        await _work.DisposeAsync();
    }
}
