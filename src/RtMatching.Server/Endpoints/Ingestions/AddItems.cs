using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Intake;
using RtMatching.Server.Limits;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Ingestions;

/// <summary><c>POST /v1/ingestions/{id}/items</c>: a further part of an ingestion that was left open.</summary>
internal static class AddItems
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/ingestions/{id:long}/items", HandleAsync)
        .WithName("AddItems")
        .WithSummary("Hands in a further part of an open ingestion")
        .WithDescription(
            "The same bodies as a submission, read with the parameters that the ingestion was opened with. A part may be sent twice: items are known by " +
            "their names. complete=true says that there are no more, and may come without a body.")
        .WithTags("ingestions")
        .Produces<IngestionSummary>(StatusCodes.Status202Accepted)
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422)
        .RequireRateLimiting(RateLimits.Submission)
        .DisableRequestTimeout()
        .WithMetadata(BodyKind.Ingestion, SubmissionBody.Described, new EndpointExample
        {
            Request = SubmissionBody.Examples,
            Response = IngestionExamples.Summary,
            Parameters = new Dictionary<string, object> { ["id"] = 17, ["complete"] = true, [RequestKey.Header] = "part-2-of-17" },
        });

    private static async Task<Accepted<IngestionSummary>> HandleAsync(
        HttpContext context, Submissions submissions, Caller caller, long id,
        [FromQuery(Name = "complete"), Description("There are no more parts.")] bool? complete,
        [FromHeader(Name = RequestKey.Header), Description("1 to 200 visible ASCII characters; not needed: parts may be sent twice.")] string? key,
        CancellationToken cancellation)
    {
        var read = SubmissionBody.Reader(context.Request, cancellation);
        return IngestionAnswers.Accepted(context.Response, await submissions.AddAsync(caller, key, id, complete ?? false, read, cancellation));
    }
}
