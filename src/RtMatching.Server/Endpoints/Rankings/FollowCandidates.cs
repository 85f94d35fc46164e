using RtMatching.Core.Profiles;
using RtMatching.Server.Limits;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>POST /v1/rankings/candidates/follow</c>: the candidates for a job, and again whenever the ranking changes.</summary>
internal static class FollowCandidates
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rankings/candidates/follow", HandleAsync)
        .WithName("FollowCandidates")
        .WithSummary("Follows the ranking of candidates for a job")
        .WithDescription(RankingStream.Description)
        .WithTags("rankings")
        .Accepts<RankCandidates.Request>("application/json")
        .Produces<string>(contentType: "text/event-stream")
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415)
        .RequireRateLimiting(RateLimits.Following)
        .DisableRequestTimeout()
        .WithMetadata(RankingExamples.FollowedCandidates);

    private static async Task HandleAsync(HttpContext context, RankingStream stream, Caller caller, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync<RankCandidates.Request>(context.Request, RankingBody.MaxBytes, cancellation);
        await stream.WriteAsync(context.Response, caller, body, DocumentKind.Job, body.JobId, cancellation);
    }
}
