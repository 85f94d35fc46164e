using System.Collections.Concurrent;
using System.Data;
using Npgsql;
using RtMatching.Core.Documents;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Core.Telemetry;

namespace RtMatching.Core.Matching;

/// <summary>
/// A job to its candidates and a CV to its jobs: nearest vectors and full-text search, fused. Only vectors of one profile version are
/// compared, and only current contents are found; documents with the same content share one place.
/// </summary>
/// <remarks>Safe to use from many threads. Keep one for a profile version: it remembers term statistics.</remarks>
public sealed class Ranking
{
    // How far down each ranking fusion looks: what stands below this place in both could add less than a tenth of a first place.
    public const int FusionDepth = 200;

    // Chosen on one half of public CVs and job ads, tried on the other (the benchmarks' `quality`). Words alone find jobs as well as vectors do, CVs of
    // one occupation worse.
    private const double DenseWeight = .7, TextWeight = 1 - DenseWeight;

    private readonly Database _database;
    private readonly EmbedTexts _embed;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<(string Tenant, DocumentKind Kind), TermStatistics> _statistics;
    private readonly Explainer _explainer;

    public Ranking(Database database, ProfileVersion profile, EmbedTexts embed, TimeProvider? time = null)
        : this(database, profile, embed, time ?? TimeProvider.System, new(), new Explainer(database, profile, embed))
    {
    }

    private Ranking(Database database, ProfileVersion profile, EmbedTexts embed, TimeProvider time,
        ConcurrentDictionary<(string Tenant, DocumentKind Kind), TermStatistics> statistics, Explainer explainer) =>
        (_database, Profile, _embed, _time, _statistics, _explainer) = (database, profile, embed, time, statistics, explainer);

    public ProfileVersion Profile { get; }

    /// <summary>The same ranking with another way to the same vectors; what is remembered of the corpus is shared.</summary>
    public Ranking With(EmbedTexts embed) => new(_database, Profile, embed, _time, _statistics, _explainer.With(embed));

    /// <summary>For one job or CV, which is embedded once however often it is ranked.</summary>
    public JobRanking For(JobKey key) => new(_database, this, key, _embed);

    /// <summary>The candidates for a job, the best first.</summary>
    /// <exception cref="ArgumentException">The request contradicts itself or names what is not stored; the message names the remedy.</exception>
    public Task<IReadOnlyList<RankedDocument>> RankCandidatesAsync(RankingRequest request, CancellationToken cancellation = default) =>
        RankingSignals.RankAsync(request, DocumentKind.Cv, Profile, () => RankAsync(request, DocumentKind.Cv, cancellation));

    /// <summary>The stored jobs for a CV, the best first.</summary>
    /// <inheritdoc cref="RankCandidatesAsync" path="/exception"/>
    public Task<IReadOnlyList<RankedDocument>> RankJobsAsync(RankingRequest request, CancellationToken cancellation = default) =>
        RankingSignals.RankAsync(request, DocumentKind.Job, Profile, () => RankAsync(request, DocumentKind.Job, cancellation));

    /// <inheritdoc cref="RankCandidatesAsync"/>
    /// <param name="wanted">What is ranked.</param>
    public Task<IReadOnlyList<RankedDocument>> RankAsync(DocumentKind wanted, RankingRequest request, CancellationToken cancellation = default) =>
        wanted == DocumentKind.Cv ? RankCandidatesAsync(request, cancellation) : RankJobsAsync(request, cancellation);

    private async Task<IReadOnlyList<RankedDocument>> RankAsync(RankingRequest request, DocumentKind wanted, CancellationToken cancellation)
    {
        request.Check(Profile.Profile.Dimension);
        var query = await RankingQuery.LoadAsync(_database.Source, Profile, request, wanted, _embed, cancellation);
        var statistics = Statistics(request.Tenant, wanted);
        var terms = request.Mode == RankingMode.Dense ? [] : await statistics.TermsAsync(query.Searched, cancellation);
        var sample = await statistics.SampleAsync(cancellation);

        var scope = new SearchScope(request.Tenant, wanted, Profile, request.Filter, query.Except(wanted));
        var page = await PageAsync(scope, request, query, TermQuery.Choose(terms, sample, Profile.Profile.Preparation), cancellation);
        if (!request.Explain) return [.. page.Select(place => place.Document)];
        var explanations = await RankingSignals.StepAsync(RankingSignals.Explain, () => _explainer.ExplainAsync(
            statistics, request.Tenant, wanted, query, [.. page.Select(place => place.Content)], cancellation));
        return [.. page.Select((place, i) => place.Document with { Explanation = explanations[i] })];
    }

    /// <summary>
    /// The places asked for. In one snapshot: a page never names a document that its search did not see. Its connection goes back before anything
    /// is explained, which takes others: rankings that each kept one and waited for one would wait for ever.
    /// </summary>
    private async Task<IReadOnlyList<(string Content, RankedDocument Document)>> PageAsync(
        SearchScope scope, RankingRequest request, RankingQuery query, TermQuery terms, CancellationToken cancellation)
    {
        await using var connection = await _database.Source.OpenConnectionAsync(cancellation);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        var places = await RankingSignals.StepAsync(
            RankingSignals.Search, () => SearchAsync(connection, scope, request, query, terms, cancellation));
        var page = places.Skip(request.Offset).Take(request.Top).ToList();
        var documents = await PlacedDocuments.ReadAsync(connection, scope, page.Select(place => place.Content), cancellation);
        var missing = query.Vector is null ? [] : page.Where(place => place.Similarity is null).Select(place => place.Content).ToList();
        var compared = missing.Count == 0 ? [] : await DenseSearch.CompareAsync(connection, scope, query.Vector!, missing, cancellation);
        await snapshot.CommitAsync(cancellation);
        return [.. page.Select((place, i) => (place.Content, documents[place.Content].At(request.Offset + i + 1, place with
        {
            Similarity = place.Similarity ?? (compared.TryGetValue(place.Content, out var similarity) ? similarity : null),
        })))];
    }

    private TermStatistics Statistics(string tenant, DocumentKind kind) => _statistics.GetOrAdd((tenant, kind), key =>
        new TermStatistics(_database.Source, key.Tenant, key.Kind, Profile.Profile.Preparation, _time));

    /// <summary>Enough places for the page asked for, the best first.</summary>
    private static async Task<IReadOnlyList<Place>> SearchAsync(
        NpgsqlConnection connection, SearchScope scope, RankingRequest request, RankingQuery query, TermQuery terms, CancellationToken cancellation)
    {
        var depth = Math.Max(FusionDepth, request.Offset + request.Top);
        var dense = request.Mode == RankingMode.Text ? [] : await RankingSignals.StepAsync(RankingSignals.SearchDense,
            () => DenseSearch.FindAsync(connection, scope, query.Vector!, depth, request.Exact, cancellation));
        if (request.Mode == RankingMode.Dense) return [.. dense.Select(hit => new Place(hit.Content, hit.Similarity, hit.Similarity, null))];

        // In fusion the text's part never goes deeper than the depth, so that a later page continues the earlier one.
        var textDepth = request.Mode == RankingMode.Text ? depth : FusionDepth;
        var text = await RankingSignals.StepAsync(
            RankingSignals.SearchText, () => TextSearch.FindAsync(connection, scope, terms, textDepth, cancellation));
        return request.Mode == RankingMode.Text
            ? [.. text.Select(hit => new Place(hit.Content, hit.Score, null, hit.Score))]
            : Fuse(dense, text);
    }

    /// <summary>The fused ranking of both tops; after it, what is left of the dense one, so that pages go on while candidates exist.</summary>
    internal static IReadOnlyList<Place> Fuse(IReadOnlyList<DenseHit> dense, IReadOnlyList<TextHit> text)
    {
        var similarities = dense.ToDictionary(hit => hit.Content, hit => hit.Similarity);
        var textScores = text.ToDictionary(hit => hit.Content, hit => hit.Score);
        var fused = ReciprocalRankFusion.Fuse<string>(StringComparer.Ordinal,
            [new([.. dense.Take(FusionDepth).Select(hit => hit.Content)], DenseWeight), new([.. text.Select(hit => hit.Content)], TextWeight)]);
        var known = fused.Select(place => place.Key).ToHashSet();

        // With the smaller weight: what was found by its words alone stands before them, and scores never rise along a ranking.
        var rest = dense.Select((hit, i) => (hit.Content, Score: ReciprocalRankFusion.Contribution(TextWeight, i + 1))).Where(place => !known.Contains(place.Content));
        return [.. fused.Concat(rest).Select(place => new Place(place.Item1, place.Item2,
            similarities.TryGetValue(place.Item1, out var similarity) ? similarity : null,
            textScores.TryGetValue(place.Item1, out var score) ? score : null))];
    }
}

/// <summary>A content in a ranking, before it is known whose it is.</summary>
/// <param name="Content">The content's hash, hexadecimal.</param>
internal sealed record Place(string Content, double Score, double? Similarity, double? TextScore);
