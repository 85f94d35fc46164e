using System.Collections.Concurrent;
using Orleans.Runtime;
using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Grains;
using RtMatching.Orleans.Placement;

namespace RtMatching.Orleans.Silos;

/// <summary>What this silo is and how it fares, as it tells the others.</summary>
/// <remarks>Safe to use from many threads.</remarks>
public sealed class ThisSilo : IDisposable
{
    private static readonly string Program = typeof(ThisSilo).Assembly.GetName().Version?.ToString(3) ?? "";

    private readonly SiloWork _work;
    private readonly Engines? _engines;
    private readonly SiloStation _station;
    private readonly Refusals _refusals;
    private readonly GrainCounts _grains;
    private readonly DateTimeOffset _startedAt;
    private readonly SiloAddress _address;
    private readonly ConcurrentDictionary<Engine, Task<string>> _hashes = new();
    private readonly Lock _lock = new();
    private CancellationTokenSource _leaving = new();
    private bool _draining;
    private bool _stopping;

    internal ThisSilo(
        SiloWork work, Engines? engines, SiloStation station, Refusals refusals, GrainCounts grains, ILocalSiloDetails details, TimeProvider time)
    {
        (_work, _engines, _station, _refusals, _grains, _address) = (work, engines, station, refusals, grains, details.SiloAddress);
        _startedAt = time.GetUtcNow();
    }

    /// <summary>It drains or stops: grains that coordinate go elsewhere, and no batch is begun.</summary>
    public bool Leaves
    {
        get { lock (_lock) return _draining || _stopping; }
    }

    /// <summary>Cancelled when it next drains or stops.</summary>
    public CancellationToken Leaving
    {
        get { lock (_lock) return _leaving.Token; }
    }

    public void Drain(bool drain) => Leave(ref _draining, drain);

    public void Stop() => Leave(ref _stopping, true);

    private void Leave(ref bool which, bool leave)
    {
        CancellationTokenSource leaving;
        lock (_lock)
        {
            var left = _draining || _stopping;
            which = leave;
            if (left == (_draining || _stopping)) return;
            _station.Drain(!left);
            leaving = _leaving;
            if (left) _leaving = new CancellationTokenSource();
        }

        if (leave) leaving.Cancel();
        else leaving.Dispose();
    }

    /// <summary>As it is now.</summary>
    public SiloReport Report()
    {
        var loaded = _engines?.Loaded ?? [];
        var problem = loaded.Select(engine => engine.Problem).FirstOrDefault(found => found is not null)
            ?? (loaded.Count == 0 ? _engines?.LoadProblems.Select(found => found.Message).FirstOrDefault() : null);
        return new SiloReport
        {
            Name = _work.Name,
            Address = _address,
            Version = Program,
            StartedAt = _startedAt,
            Preparation = TextPreparation.Version,
            Stages = Stages(),
            Engine = _work.Engine,
            EngineReady = loaded.Any(engine => engine.Problem is null),
            EngineProblem = problem,
            EngineWarning = loaded.Select(engine => engine.Warning).FirstOrDefault(found => found is not null),
            Models = [.. loaded.Select(Model)],
            Batches = _station.Batches,
            Waiting = loaded.Sum(Waiting),
            Draining = Now(ref _draining),
            Stopping = Now(ref _stopping),
            Grains = _grains.Count(),
            Refusals = _refusals.All,
        };
    }

    private bool Now(ref bool which)
    {
        lock (_lock) return which;
    }

    private StageReport[] Stages() => [.. SiloAbilities.Stages(_work).Select(stage => stage == SiloAbilities.Parse
        ? new StageReport { Stage = stage, Window = _work.Ingestion.ParseParallelism, BatchSize = _work.Ingestion.ParseBatch }
        : new StageReport { Stage = stage, Window = _work.EmbedWindow, BatchSize = _work.Ingestion.EmbedBatch })];

    private ModelReport Model(Engine engine) => new()
    {
        Name = engine.Model.Name, WeightsHash = HashOf(engine), Texts = engine.Model.Texts, Tokens = engine.Model.Tokens,
    };

    /// <summary>Empty until it is known: reading large files takes minutes, and reports must not wait.</summary>
    private string HashOf(Engine engine) => _hashes.GetOrAdd(engine, _ => Task.Run(() => engine.Model.WeightsHash)) is { IsCompletedSuccessfully: true } known
        ? known.Result
        : "";

    private static int Waiting(Engine engine) => Enum.GetValues<EnginePriority>().Sum(engine.Texts);

    public void Dispose() => _leaving.Dispose();
}
