using System.Text.Json.Serialization;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Limits;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>POST /v1/rankings/jobs</c>: the stored jobs for a CV.</summary>
internal static class RankJobs
{
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Request : RankingBody
    {
        /// <summary>A stored CV's number.</summary>
        public long? CandidateId { get; init; }
    }

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rankings/jobs", HandleAsync)
        .WithName("RankJobs")
        .WithSummary("Ranks stored jobs for a candidate")
        .WithDescription(
            "The CV is a stored one (candidate_id, or external_id and where needed source) or a text. Filters, explanations and pages are those of " +
            "rankings of candidates.")
        .WithTags("rankings")
        .Accepts<Request>("application/json")
        .Produces<RankingPage>()
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415)
        .RequireRateLimiting(RateLimits.Ranking)
        .WithMetadata(RankingExamples.Jobs);

    private static async Task<RankingPage> HandleAsync(
        HttpRequest request, IMatchingBackend backend, DocumentStore documents, Caller caller, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync<Request>(request, RankingBody.MaxBytes, cancellation);
        return await RankingPage.FindAsync(backend, documents, caller, body, DocumentKind.Cv, body.CandidateId, cancellation);
    }
}
