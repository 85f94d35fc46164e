using RtMatching.Core.Matching;
using RtMatching.Core.Operations;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.Backend;

/// <summary>
/// The work behind the endpoints: done in this process by <see cref="InProcessBackend"/>, by grains where the endpoints stand in a
/// cluster. Whatever is only a row in the database, the endpoints read and write themselves.
/// </summary>
public interface IMatchingBackend
{
    /// <summary>Takes up an ingestion whose items stand in the queue, more of which may still be coming. Returns at once.</summary>
    Task StartIngestionAsync(long id, CancellationToken cancellation);

    /// <summary>Takes up a bulk ranking whose jobs stand in the database. Returns at once.</summary>
    Task StartBulkRankingAsync(long id, CancellationToken cancellation);

    /// <summary>Ranks with the active version of <paramref name="profile"/>.</summary>
    /// <param name="wanted">What is ranked: CVs for a job, or jobs for a CV.</param>
    /// <exception cref="KeyNotFoundException">No such profile is stored.</exception>
    /// <exception cref="ArgumentException">The request contradicts itself or names what is not stored.</exception>
    Task<RankingAnswer> RankAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation);

    /// <summary>Embeds texts with a model at hand, ahead of what ingestions wait for.</summary>
    /// <param name="model">A name that the catalogue lists; null is the built-in model. Never a path: it comes from the network.</param>
    /// <exception cref="KeyNotFoundException">There is no such model.</exception>
    /// <exception cref="ArgumentException">Options that the model cannot honour.</exception>
    Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        string? model, IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation);

    /// <summary>The engines that do this work, here or elsewhere, for the status page and <c>/health</c>.</summary>
    Task<IReadOnlyList<EngineStatus>> EnginesAsync(CancellationToken cancellation);

    /// <summary>The processes of the cluster, those that died lately included; none where this process is all there is.</summary>
    Task<IReadOnlyList<SiloStatus>> SilosAsync(CancellationToken cancellation);

    /// <summary>
    /// Has a silo take no more work of the queue and no more grains, and finish what it has; it still answers requests. Or has it work again.
    /// Returns at once; the status shows how far it is.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such silo.</exception>
    /// <exception cref="NotSupportedException">This process is all there is.</exception>
    Task DrainAsync(string silo, bool drain, CancellationToken cancellation);

    /// <summary>
    /// The ranking as it is now, and again whenever it changes: as documents come, go or change. Ends when it is cancelled.
    /// </summary>
    /// <inheritdoc cref="RankAsync"/>
    IAsyncEnumerable<RankingAnswer> FollowAsync(string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation);
}

/// <summary>A ranking and what it was made with.</summary>
public sealed record RankingAnswer(ProfileVersion Profile, IReadOnlyList<RankedDocument> Ranking);
