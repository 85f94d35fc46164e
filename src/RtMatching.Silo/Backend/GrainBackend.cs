using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Runtime;
using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Pooling;
using RtMatching.Orleans;
using RtMatching.Orleans.Contracts;
using RtMatching.Orleans.Embedding;
using RtMatching.Orleans.Silos;
using RtMatching.Server.Backend;
using SiloStatus = RtMatching.Core.Operations.SiloStatus;

namespace RtMatching.Silo.Backend;

/// <summary>The work behind the endpoints, done by grains wherever they are. What is lost with a silo is asked again of another.</summary>
internal sealed class GrainBackend(
    IGrainFactory grains, ClusterEmbedding embedding, ClusterView cluster, KnownSilos silos, ProfileStore profiles) : IMatchingBackend
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(3);

    /// <summary>Where its grain cannot be reached now, the overseer starts it with its next look: the items stand in the queue.</summary>
    public Task StartIngestionAsync(long id, CancellationToken cancellation) =>
        StartedAsync(token => grains.GetGrain<IIngestionGrain>(id).StartAsync(token), cancellation);

    /// <inheritdoc cref="StartIngestionAsync"/>
    public Task StartBulkRankingAsync(long id, CancellationToken cancellation) =>
        StartedAsync(token => grains.GetGrain<IBulkRankingGrain>(id).StartAsync(token), cancellation);

    public async Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation)
    {
        var version = await ActiveAsync(profile, cancellation);
        var (grain, order) = Order(version, wanted, request);
        var reply = await Lost.ToldAsync(() => Retry.LostAsync(token => grain.RankAsync(order, token), cancellation));
        return new RankingAnswer(version, reply.Read());
    }

    public async IAsyncEnumerable<RankingAnswer> FollowAsync(
        string profile, DocumentKind wanted, RankingRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Round again where another version of the profile has become the active one, or the grain's silo went away.
        while (true)
        {
            var version = await ActiveAsync(profile, cancellation);
            var (grain, order) = Order(version, wanted, request);
            await using var replies = grain.FollowAsync(order, cancellation).WithBatchSize(1).GetAsyncEnumerator(cancellation);
            while (await NextAsync(replies, cancellation)) yield return new RankingAnswer(version, replies.Current.Read());
            await Task.Delay(Pause, cancellation);
        }
    }

    public Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation) =>
        embedding.EmbedAsync(model, texts, options, cancellation);

    public Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation) => Task.FromResult(cluster.Engines());

    public Task<IReadOnlyList<SiloStatus>> SilosAsync(CancellationToken cancellation) => Task.FromResult(cluster.Silos());

    public Task DrainAsync(string silo, bool drain, CancellationToken cancellation)
    {
        if (silos.Find(silo) is null)
            throw new KeyNotFoundException($"There is no silo '{silo}' in the cluster: GET /v1/silos lists those there are.");
        return Lost.ToldAsync(() => Retry.LostAsync(token => grains.GetGrain<ISiloGrain>(silo).DrainAsync(drain, token), cancellation));
    }

    private async Task<ProfileVersion> ActiveAsync(string profile, CancellationToken cancellation) =>
        await profiles.FindActiveAsync(profile, cancellation) ?? throw new KeyNotFoundException(
            $"No profile '{profile}' is stored: ingest something with it first, or see GET /v1/profiles for those there are.");

    private (IMatchingGrain Grain, RankOrder Order) Order(ProfileVersion version, DocumentKind wanted, RankingRequest request)
    {
        var key = JobKey.Of(version.Id, wanted, request);
        return (grains.GetGrain<IMatchingGrain>(key.ToString()), new RankOrder { Request = Json.Of(request) });
    }

    private static async Task StartedAsync(Func<CancellationToken, Task> start, CancellationToken cancellation)
    {
        try
        {
            await start(cancellation).WaitAsync(StartPatience, cancellation);
        }
        catch (Exception e) when (Losses.IsLoss(e, cancellation))
        {
            // Its silo died, say: the overseer starts it elsewhere.
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<RankReply> replies, CancellationToken cancellation)
    {
        try
        {
            return await replies.MoveNextAsync();
        }
        catch (Exception e) when (e is EnumerationAbortedException || Losses.IsLoss(e, cancellation))
        {
            return false;
        }
    }
}
