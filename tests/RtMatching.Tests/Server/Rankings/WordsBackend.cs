using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Pooling;
using RtMatching.Server;
using RtMatching.Server.Backend;
using RtMatching.Tests.Matching;

namespace RtMatching.Tests.Server.Rankings;

/// <summary>Ranks with vectors made from words, so that what is near is known, and no model is loaded.</summary>
internal sealed class WordsBackend(Database database) : IMatchingBackend
{
    private readonly ProfileRankings _rankings = new(database, _ => Corpus.EmbedAsync);

    public StandingRankings Standing { get; } = new(new StandingRankingOptions { Pace = TimeSpan.FromMilliseconds(20) });

    /// <summary>Set by a test that wants to see the token that a ranking is given, or to hold it up.</summary>
    public Func<CancellationToken, Task>? Before { get; set; }

    public bool Ready { get; set; } = true;

    public Action<long>? BulkRankingStarted { get; set; }

    public static async Task<(ServerHost Server, Corpus Corpus, WordsBackend Backend)> ServeAsync(ServerOptions? options = null)
    {
        WordsBackend? backend = null;
        var server = await ServerHost.StartAsync(options ?? new ServerOptions { Work = 0 }, services: test => services =>
            services.AddSingleton<IMatchingBackend>(backend = new WordsBackend(test.Database)));
        return (server, await Corpus.InAsync(server.Test), backend!);
    }

    public async Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation)
    {
        if (Before is { } before) await before(cancellation);
        var ranking = await _rankings.ActiveAsync(profile, cancellation);
        return new RankingAnswer(ranking.Profile, await ranking.RankAsync(wanted, request, cancellation));
    }

    public Task StartBulkRankingAsync(long id, CancellationToken cancellation)
    {
        BulkRankingStarted?.Invoke(id);
        return Task.CompletedTask;
    }

    public Task StartIngestionAsync(long id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<EngineStatus>>([new EngineStatus("words", [], [], Ready, null, 0, 0)]);

    public Task<IReadOnlyList<SiloStatus>> SilosAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<SiloStatus>>([]);

    public Task DrainAsync(string silo, bool drain, CancellationToken cancellation) => throw new NotSupportedException();

    public async IAsyncEnumerable<RankingAnswer> FollowAsync(
        string profile, DocumentKind wanted, RankingRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var ranking = await _rankings.ActiveAsync(profile, cancellation);
        var job = ranking.For(JobKey.Of(ranking.Profile.Id, wanted, request));
        await foreach (var places in Standing.FollowAsync(job, request, cancellation)) yield return new RankingAnswer(ranking.Profile, places);
    }
}
