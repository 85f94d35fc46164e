using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Errors;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary>Finds the stored document that a ranking is for. External ids are often file names, so no message repeats them.</summary>
internal static class RankingSubject
{
    private const int MaxNamed = 20;

    /// <returns>The document's number; null where the ranking is for a text.</returns>
    /// <exception cref="ProblemException">Not exactly one subject (400), none such (404), several, or one that is not embedded yet (409).</exception>
    public static async Task<long?> FindAsync(
        DocumentStore documents, Caller caller, RankingBody body, DocumentKind kind, long? id, CancellationToken cancellation)
    {
        var number = kind == DocumentKind.Job ? "job_id" : "candidate_id";
        if (new object?[] { id, body.ExternalId, body.Text }.Count(given => given is not null) != 1)
            throw ProblemException.BadRequest($"Say what to rank for: give exactly one of {number}, external_id and text.");
        if (body.Source is not null && body.ExternalId is null) throw ProblemException.BadRequest("source belongs to external_id: give both, or neither.");
        if (body.Text is not null) return null;
        var found = id is { } asked
            ? await ByNumberAsync(documents, caller, asked, number, kind, cancellation)
            : await ByExternalIdAsync(documents, caller, body, number, kind, cancellation);
        return found.CurrentVersion is not null
            ? found.Id
            : throw ProblemException.Conflict($"Document {found.Id} is not embedded yet: let its ingestion finish.");
    }

    private static async Task<StoredDocument> ByNumberAsync(
        DocumentStore documents, Caller caller, long id, string number, DocumentKind kind, CancellationToken cancellation)
    {
        var found = await documents.FindAsync(id, caller.Tenant, cancellation)
            ?? throw ProblemException.NotFound($"There is no document {id}; GET /v1/documents lists those there are.");
        return found.Kind == kind
            ? found
            : throw ProblemException.BadRequest($"{number} {id} is a {found.Kind.Name()}, not a {kind.Name()}: ask the other endpoint of rankings.");
    }

    private static async Task<StoredDocument> ByExternalIdAsync(
        DocumentStore documents, Caller caller, RankingBody body, string number, DocumentKind kind, CancellationToken cancellation)
    {
        if ((body.ExternalId + body.Source).Contains('\0', StringComparison.Ordinal))
            throw ProblemException.BadRequest("external_id or source holds a NUL character, which no stored one does.");
        var query = new DocumentQuery { Tenant = caller.Tenant, Kind = kind, ExternalId = body.ExternalId, Source = body.Source, Limit = MaxNamed };
        return await documents.ListAsync(query, cancellation) switch
        {
            [var only] => only,
            [] => throw ProblemException.NotFound($"There is no {kind.Name()} of this external_id{(body.Source is null ? "" : " and source")}."),
            var several => throw ProblemException.Conflict(
                $"Several have this external_id: give source too ({string.Join(", ", several.Select(one => one.Source))}), or {number}."),
        };
    }
}
