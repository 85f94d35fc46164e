using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Intake;
using RtMatching.Server.Limits;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>POST /v1/ingestions</c>: files or rows, read as they arrive.</summary>
internal static class SubmitIngestion
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/ingestions", HandleAsync)
        .WithName("SubmitIngestion")
        .WithSummary("Hands in CVs or jobs")
        .WithDescription(
            "Files (multipart/form-data, or a ZIP archive) or rows (JSON Lines or CSV, one document each; bulk files among the files are rows too). File " +
            "names keep their folders and name the documents; a part's header External-Id, percent-encoded, names one otherwise. What is stored " +
            "already with this content is unchanged. Work begins at once and goes on after the answer, which says where to look. Under an Idempotency-Key " +
            "a submission that broke off is taken up again, and one sent twice is done once. open=true leaves the ingestion open for more parts.")
        .WithTags("ingestions")
        .Produces<IngestionSummary>(StatusCodes.Status202Accepted)
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422)
        .RequireRateLimiting(RateLimits.Submission)
        .DisableRequestTimeout()
        .WithMetadata(BodyKind.Ingestion, SubmissionBody.Described, new EndpointExample
        {
            Request = SubmissionBody.Examples,
            Response = IngestionExamples.Summary,
            Parameters = new Dictionary<string, object>
            {
                ["kind"] = "cv", ["profile"] = "jd2cv", ["source"] = "careers-page", ["tag"] = (string[])["berlin"], ["mapping"] = "id=ID,text=Resume_str",
                ["open"] = false, [RequestKey.Header] = "7d2a9c1e-5b0f-4e7a-9a55-0f4f8f0f6f61",
            },
        });

    private static async Task<Accepted<IngestionSummary>> HandleAsync(
        HttpContext context, Submissions submissions, Caller caller, [AsParameters] SubmissionQuery query,
        [FromQuery(Name = "open"), Description("Leave it open for more parts.")] bool? open,
        [FromHeader(Name = RequestKey.Header), Description("1 to 200 visible ASCII characters, for example a UUID; remembered for a week.")] string? key,
        CancellationToken cancellation)
    {
        var request = query.Request(caller);
        var read = SubmissionBody.Reader(context.Request, cancellation);
        var summary = await submissions.SubmitAsync(caller, key, query.Parameters(open ?? false), request, open ?? false, read, cancellation);
        return IngestionAnswers.Accepted(context.Response, summary);
    }
}
