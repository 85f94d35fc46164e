using System.Runtime.CompilerServices;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>A ranking, or a page of one.</summary>
/// <param name="Profile">The profile that it was made with.</param>
/// <param name="NextOffset">Where the next page begins; null where this is the last.</param>
internal sealed record RankingPage(string Profile, int ProfileVersion, IReadOnlyList<RankedDocument> Ranking, int? NextOffset)
{
    /// <summary>The page that <paramref name="body"/> asks for.</summary>
    /// <param name="kind">What is ranked for; the other kind is ranked.</param>
    /// <param name="id">Its number, where the body gives one.</param>
    public static async Task<RankingPage> FindAsync(
        IMatchingBackend backend, DocumentStore documents, Caller caller, RankingBody body, DocumentKind kind, long? id, CancellationToken cancellation)
    {
        var document = await RankingSubject.FindAsync(documents, caller, body, kind, id, cancellation);
        return Of(body, await RankAsync(backend, body.Profile, Wanted(kind), body.Request(caller, document), cancellation));
    }

    /// <summary>The same page, and again whenever it may have changed.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public static async IAsyncEnumerable<RankingPage> FollowAsync(IMatchingBackend backend, DocumentStore documents, Caller caller, RankingBody body,
        DocumentKind kind, long? id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var document = await RankingSubject.FindAsync(documents, caller, body, kind, id, cancellation);
        await using var answers = backend.FollowAsync(body.Profile, Wanted(kind), body.Request(caller, document), cancellation).GetAsyncEnumerator(cancellation);
        while (await MoveNextAsync(answers)) yield return Of(body, answers.Current);
    }

    private static async Task<bool> MoveNextAsync(IAsyncEnumerator<RankingAnswer> answers)
    {
        try
        {
            return await answers.MoveNextAsync();
        }
        catch (KeyNotFoundException)
        {
            throw NoProfile();
        }
    }

    private static DocumentKind Wanted(DocumentKind kind) => kind == DocumentKind.Job ? DocumentKind.Cv : DocumentKind.Job;

    private static RankingPage Of(RankingBody body, RankingAnswer answer)
    {
        var more = answer.Ranking.Count > body.Top || answer.Ranking.Count == RankingRequest.MaxTop;
        return new RankingPage(answer.Profile.Profile.Name, answer.Profile.Version, [.. answer.Ranking.Take(body.Top)], more ? body.Offset + body.Top : null);
    }

    private static async Task<RankingAnswer> RankAsync(
        IMatchingBackend backend, string profile, DocumentKind wanted, RankingRequest request, CancellationToken cancellation)
    {
        try
        {
            return await backend.RankAsync(profile, wanted, request, cancellation);
        }
        catch (KeyNotFoundException)
        {
            throw NoProfile();
        }
    }

    public static ProblemException NoProfile() => ProblemException.Conflict(
        "No profile of this name is stored: ingest something with it first (POST /v1/ingestions), or name one that GET /v1/profiles lists.");
}
