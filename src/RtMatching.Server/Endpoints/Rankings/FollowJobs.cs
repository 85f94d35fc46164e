using RtMatching.Core.Profiles;
using RtMatching.Server.Limits;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Rankings;

/// <summary><c>POST /v1/rankings/jobs/follow</c>: the stored jobs for a CV, and again whenever the ranking changes.</summary>
internal static class FollowJobs
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rankings/jobs/follow", HandleAsync)
        .WithName("FollowJobs")
        .WithSummary("Follows the ranking of stored jobs for a candidate")
        .WithDescription(RankingStream.Description)
        .WithTags("rankings")
        .Accepts<RankJobs.Request>("application/json")
        .Produces<string>(contentType: "text/event-stream")
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415)
        .RequireRateLimiting(RateLimits.Following)
        .DisableRequestTimeout()
        .WithMetadata(RankingExamples.FollowedJobs);

    private static async Task HandleAsync(HttpContext context, RankingStream stream, Caller caller, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync<RankJobs.Request>(context.Request, RankingBody.MaxBytes, cancellation);
        await stream.WriteAsync(context.Response, caller, body, DocumentKind.Cv, body.CandidateId, cancellation);
    }
}
