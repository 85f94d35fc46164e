using RtMatching.Core.Matching;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Errors;
using RtMatching.Server.Limits;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>POST /v1/rankings/bulk</c>: many jobs, each to its top candidates, while the client does something else.</summary>
internal static class SubmitBulkRanking
{
    private const string Lines = "application/x-ndjson";
    private const string KeyHeader = "Idempotency-Key";
    private const long MaxBytes = 64 * 1024;

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rankings/bulk", HandleAsync)
        .WithName("SubmitBulkRanking")
        .WithSummary("Starts a ranking of many jobs")
        .WithDescription(
            "Either JSON with all_jobs: true, for every stored job; or lines {\"id\": ..., \"text\": ...} (application/x-ndjson) with the settings " +
            "in the query: profile, top, mode, exact, tag (repeated: all of them), location, language, since, until. The lines are stored as they " +
            "come, and ranked once the last is in. Ranked with the profile version that is active now. The same Idempotency-Key again gives the same bulk ranking, unless that was deleted.")
        .WithTags("rankings")
        .Accepts<BulkSettings>("application/json", Lines)
        .Produces<BulkRankingSummary>(StatusCodes.Status202Accepted)
        .ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422)
        .RequireRateLimiting(RateLimits.Submission)
        .DisableRequestTimeout()
        .WithMetadata(BodyKind.Ingestion, BulkExamples.Submission);

    private static async Task<IResult> HandleAsync(
        HttpContext context, IMatchingBackend backend, ProfileStore profiles, BulkRankingStore store, IdempotencyKeys keys, Caller caller,
        CancellationToken cancellation)
    {
        var stored = context.Request.HasJsonContentType();
        var settings = stored ? await StoredAsync(context.Request, cancellation) : BulkSettings.OfQuery(context.Request.Query);
        var profile = await profiles.FindActiveAsync(settings.Profile, cancellation) ?? throw RankingPage.NoProfile();
        var ranking = settings.Request(caller);
        await using var hold = context.Request.Headers[KeyHeader] is [{ } key]
            ? await BulkRankingStore.TakeAsync(keys, key, settings.Profile, ranking, stored ? "stored" : "lines", cancellation)
            : null;
        if (hold is { SubjectId: { } before, Completed: true } && await store.FindAsync(caller.Tenant, before, cancellation) is { } known)
            return Accepted(context, known);
        var id = stored
            ? await store.SubmitStoredAsync(profile, ranking, hold, cancellation)
            : await store.SubmitAsync(profile, ranking, Jobs(context.Request, cancellation), hold, cancellation);
        await backend.StartBulkRankingAsync(id, CancellationToken.None);     // it stands in the database: gone clients do not stop it any more
        return Accepted(context, await ShowBulkRanking.FindAsync(id, store, caller, cancellation));
    }

    private static async Task<BulkSettings> StoredAsync(HttpRequest request, CancellationToken cancellation)
    {
        var settings = await JsonBody.ReadAsync<BulkSettings>(request, MaxBytes, cancellation);
        return settings.AllJobs
            ? settings
            : throw ProblemException.BadRequest($"Say all_jobs: true; or send the jobs as lines ({Lines}), with the settings in the query.");
    }

    private static IAsyncEnumerable<BulkJob> Jobs(HttpRequest request, CancellationToken cancellation) =>
        BulkRanking.ReadJobsAsync(request.Body, "the body", RankingBody.MaxTextLength, cancellation);

    private static IResult Accepted(HttpContext context, BulkRankingSummary summary)
    {
        context.Response.Headers.RetryAfter = "2";
        return TypedResults.Accepted($"{context.Request.PathBase}/v1/rankings/bulk/{summary.Id}", summary);
    }
}
