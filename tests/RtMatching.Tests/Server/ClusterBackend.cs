using Microsoft.Extensions.DependencyInjection;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Pooling;
using RtMatching.Server;
using RtMatching.Server.Backend;

namespace RtMatching.Tests.Server;

/// <summary>A cluster as operators see it: silos that are what a test says, and drain as they are told.</summary>
internal sealed class ClusterBackend : IMatchingBackend
{
    private readonly Lock _gate = new();
    private List<SiloStatus> _silos = [];

    public IReadOnlyList<EngineStatus> Engines { get; set; } = [];

    /// <summary>What is thrown, or waited for, when the silos are asked for.</summary>
    public Func<CancellationToken, Task>? BeforeSilos { get; set; }

    /// <summary>What a silo becomes each time the silos are asked for after it was told to drain.</summary>
    public Func<SiloStatus, SiloStatus>? Step { get; set; }

    public static async Task<(ServerHost Server, ClusterBackend Backend)> ServeAsync(ServerOptions? options = null, params SiloStatus[] silos)
    {
        var backend = new ClusterBackend { _silos = [.. silos] };
        return (await ServerHost.StartAsync(options ?? new ServerOptions { Work = 0 }, services: _ => services => services.AddSingleton<IMatchingBackend>(backend)), backend);
    }

    public static SiloStatus Silo(string name, string state = SiloState.Active) =>
        new(name, "10.0.0.1:11111", state, "1.2.0", null, ["parse", "embed"], "cpu", null, 0, new Dictionary<string, int>(), 0.5);

    public void Set(params SiloStatus[] silos)
    {
        lock (_gate) _silos = [.. silos];
    }

    public async Task<IReadOnlyList<SiloStatus>> SilosAsync(CancellationToken cancellation)
    {
        if (BeforeSilos is { } before) await before(cancellation);
        lock (_gate)
        {
            var answer = _silos.ToList();
            if (Step is { } step) _silos = [.. _silos.Select(silo => silo.State == SiloState.Draining ? step(silo) : silo)];
            return answer;
        }
    }

    public Task DrainAsync(string silo, bool drain, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var place = _silos.FindIndex(other => other.Name == silo && other.State != SiloState.Dead);
            if (place < 0) throw new KeyNotFoundException("No such silo.");
            _silos[place] = _silos[place] with { State = drain ? SiloState.Draining : SiloState.Active };
            return Task.CompletedTask;
        }
    }

    public Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation) => Task.FromResult(Engines);

    public Task StartIngestionAsync(long id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task StartBulkRankingAsync(long id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<RankingAnswer> FollowAsync(
        string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation) => throw new NotSupportedException();
}
