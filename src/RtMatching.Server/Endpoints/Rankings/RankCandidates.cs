using System.Text.Json.Serialization;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server.Backend;
using RtMatching.Server.Limits;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>POST /v1/rankings/candidates</c>: the candidates for a job.</summary>
internal static class RankCandidates
{
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Request : RankingBody
    {
        /// <summary>A stored job's number.</summary>
        public long? JobId { get; init; }
    }

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rankings/candidates", HandleAsync)
        .WithName("RankCandidates")
        .WithSummary("Ranks candidates for a job")
        .WithDescription(
            "The job is a stored one (job_id, or external_id and where needed source) or a text. explain says for each place which requirement of the " +
            "job is covered by which passage of the CV, quoted by offset. Pages join to one ranking: go on at next_offset until it is null.")
        .WithTags("rankings")
        .Accepts<Request>("application/json")
        .Produces<RankingPage>()
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415)
        .RequireRateLimiting(RateLimits.Ranking)
        .WithMetadata(RankingExamples.Candidates);

    private static async Task<RankingPage> HandleAsync(
        HttpRequest request, IMatchingBackend backend, DocumentStore documents, Caller caller, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync<Request>(request, RankingBody.MaxBytes, cancellation);
        return await RankingPage.FindAsync(backend, documents, caller, body, DocumentKind.Job, body.JobId, cancellation);
    }
}
