using System.Runtime.CompilerServices;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.Backend;

/// <summary>All work in this process.</summary>
internal sealed class InProcessBackend(
    ServerOptions options, Engines engines, ProfileRankings rankings, IngestionWork ingestion, BulkRankingWork bulkRankings, Readiness readiness) : IMatchingBackend
{
    private static readonly TimeSpan ProblemLasts = TimeSpan.FromMinutes(2);

    private readonly string _name = $"{Environment.MachineName}-{Environment.ProcessId} cpu";
    private readonly StandingRankings _standing = new();

    /// <summary>Its items stand in the queue: whichever process works on the queue takes it up, and this one at once.</summary>
    public Task StartIngestionAsync(long id, CancellationToken cancellation)
    {
        ingestion.Wake();
        return Task.CompletedTask;
    }

    /// <summary>As for ingestions: its jobs stand in the database.</summary>
    public Task StartBulkRankingAsync(long id, CancellationToken cancellation)
    {
        bulkRankings.Wake();
        return Task.CompletedTask;
    }

    public async Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation)
    {
        var ranking = await rankings.ActiveAsync(profile, cancellation);
        return new RankingAnswer(ranking.Profile, await ranking.RankAsync(wanted, request, cancellation));
    }

    public async Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation)
    {
        var engine = await engines.GetAsync(ModelCatalog.PathOf(model), cancellation);
        return await engine.EmbedAsync(texts, options, EnginePriority.Interactive, cancellation);
    }

    public Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation)
    {
        var loaded = engines.Loaded;
        var failed = loaded.FirstOrDefault(engine => engine.Problem is not null);
        var work = Enum.GetValues<IngestionStages>().Where(stage => stage != IngestionStages.All && options.Work.HasFlag(stage));
        return Task.FromResult<IReadOnlyList<EngineStatus>>(
        [
            new EngineStatus(_name, [.. loaded.Select(engine => engine.Model.Name)], [.. work.Select(stage => stage.ToString().ToLowerInvariant())],
                readiness.IsReady && failed is null, failed?.Problem ?? readiness.Problem ?? LoadProblem(),
                loaded.Sum(engine => engine.Model.Texts), loaded.Sum(engine => engine.Model.Tokens))
            {
                Warning = loaded.Select(engine => engine.Warning).FirstOrDefault(warning => warning is not null),
            },
        ]);
    }

    /// <summary>Of a model that something still asks for: an ingestion tries at least once a minute.</summary>
    private string? LoadProblem() =>
        engines.LoadProblems.FirstOrDefault(problem => DateTimeOffset.UtcNow - problem.At < ProblemLasts)?.Message;

    public Task<IReadOnlyList<SiloStatus>> SilosAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<SiloStatus>>([]);

    public Task DrainAsync(string silo, bool drain, CancellationToken cancellation) =>
        throw new NotSupportedException("This server is one process, not a cluster: stop it instead; what it has leased it hands back.");

    public async IAsyncEnumerable<RankingAnswer> FollowAsync(
        string profile, DocumentKind wanted, RankingRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var ranking = await rankings.ActiveAsync(profile, cancellation);
            var job = ranking.For(JobKey.Of(ranking.Profile.Id, wanted, request));
            await foreach (var places in _standing.FollowAsync(job, request, cancellation)) yield return new RankingAnswer(ranking.Profile, places);

            // Another version of the profile has become the active one.
        }
    }
}
