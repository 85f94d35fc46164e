using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Storage;
using RtMatching.Server.Endpoints.Ingestions;
using RtMatching.Server.Errors;
using RtMatching.Server.Intake;
using RtMatching.Server.Limits;
using RtMatching.Server.OpenApi;
using RtMatching.Server.Security;

namespace RtMatching.Server.Endpoints.Documents;

/// <summary><c>PUT /v1/documents</c>: one document by its source and external id, as an ingestion of its own.</summary>
internal static class PutDocument
{
    private const string DefaultSource = "api";
    private const int LongestWait = 300;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    // Each body is held whole, one document that it is; those that wait for their turn are not read yet.
    private static readonly SemaphoreSlim Bodies = new(16);

    /// <summary>Which document, and what is known of it besides its content.</summary>
    internal sealed record Query
    {
        [FromQuery(Name = "external_id"), Description("Names the document within its source.")]
        public required string ExternalId { get; init; }

        [FromQuery(Name = "source"), Description("Where it comes from; api without it.")]
        public string? Source { get; init; }

        [FromQuery(Name = "kind"), Description("What it is: cv or job; cv without it.")]
        public string? Kind { get; init; }

        [FromQuery(Name = "profile"), Description("The task profile to embed with.")]
        public string? Profile { get; init; }

        [FromQuery(Name = "tag"), Description("May be repeated.")]
        public string[]? Tag { get; init; }

        [FromQuery(Name = "location"), Description("Where the candidate or the job is.")]
        public string? Location { get; init; }

        [FromQuery(Name = "language"), Description("A language tag such as en; recognised from the text without it.")]
        public string? Language { get; init; }

        [FromQuery(Name = "date"), Description("What filters by date go by.")]
        public DateOnly? Date { get; init; }

        [FromQuery(Name = "wait"), Description("So many seconds, at most 300, the answer may wait for the document to be embedded.")]
        public int? Wait { get; init; }
    }

    public static void Map(IEndpointRouteBuilder api) => api.MapPut("/documents", HandleAsync)
        .WithName("PutDocument")
        .WithSummary("Stores a CV or a job, or a new version of it")
        .WithDescription(
            "The body is the document: PDF, DOCX, HTML, Markdown, JSON Resume or text, told by its content and not by its Content-Type. It ranks once it is " +
            "embedded, and until then its former version does. With wait the answer is the document, or 422 with the reason why it is not usable; " +
            "without, or where that takes longer, 202 and where to look.")
        .WithTags("documents")
        .Produces<DocumentView>().Produces<IngestionSummary>(StatusCodes.Status202Accepted)
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(422)
        .DisableRequestTimeout()
        .WithMetadata(BodyKind.Document, new StreamedBody(true, "*/*"), new EndpointExample
        {
            Request = "(the bytes of ada.pdf)",
            Response = DocumentView.Example,
            Parameters = new Dictionary<string, object>
            {
                ["external_id"] = "cvs/ada.pdf", ["source"] = DefaultSource, ["kind"] = "cv", ["profile"] = "jd2cv", ["tag"] = (string[])["berlin"],
                ["location"] = "Berlin", ["language"] = "en", ["date"] = "2026-10-01", ["wait"] = 30, [RequestKey.Header] = "put-ada-3",
            },
        });

    private static async Task<IResult> HandleAsync(
        HttpContext context, Submissions submissions, IngestionRecords records, DocumentStore documents, Caller caller, [AsParameters] Query query,
        [FromHeader(Name = RequestKey.Header), Description("1 to 200 visible ASCII characters, for example a UUID; remembered for a week.")] string? key,
        CancellationToken cancellation)
    {
        var wait = query.Wait ?? 0;
        if (wait is < 0 or > LongestWait) throw ProblemException.BadRequest($"wait is {wait}; it must be from 0 to {LongestWait} seconds.");
        var request = Request(query, caller);
        await Bodies.WaitAsync(cancellation);
        IngestionSummary summary;
        try
        {
            Func<UploadSource, IAsyncEnumerable<SourceItem>>? read = SubmissionBody.IsGiven(context.Request)
                ? source => DocumentAsync(source, query, context.Request.Body, cancellation)
                : null;
            summary = await submissions.SubmitAsync(caller, key, JsonSerializer.Serialize(query with { Wait = null }), request, open: false, read, cancellation);
        }
        finally
        {
            Bodies.Release();
        }

        return await EndedAsync(records, summary, TimeSpan.FromSeconds(wait), cancellation) is { } item
            ? await AnswerAsync(item, documents, caller, cancellation)
            : IngestionAnswers.Accepted(context.Response, summary);
    }

    private static IngestionRequest Request(Query query, Caller caller)
    {
        SubmissionQuery.CheckText("location", query.Location);
        SubmissionQuery.CheckText("language", query.Language);
        var common = new SubmissionQuery { Kind = query.Kind, Profile = query.Profile, Source = query.Source ?? DefaultSource, Tag = query.Tag };
        return common.Request(caller);
    }

    private static async IAsyncEnumerable<SourceItem> DocumentAsync(
        UploadSource source, Query query, Stream body, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var item in source.FileAsync("", query.ExternalId, body, cancellation))
        {
            if (item.Rejection is { Outcome: "too_large" } large) throw new ProblemException(StatusCodes.Status413PayloadTooLarge, "Too large.", large.Detail);
            if (item.Rejection is { } refused) throw ProblemException.BadRequest($"external_id: {refused.Detail}");
            if (item.Bytes is { Length: 0 }) throw ProblemException.BadRequest("The body is empty: send the document.");
            yield return item with { Location = query.Location, Language = query.Language?.ToLowerInvariant(), Date = query.Date };
        }
    }

    /// <summary>The ingestion's one item, as soon as it has ended; null where that takes longer.</summary>
    private static async Task<IngestionItem?> EndedAsync(IngestionRecords records, IngestionSummary ingestion, TimeSpan patience, CancellationToken cancellation)
    {
        var end = DateTime.UtcNow + patience;
        while (DateTime.UtcNow < end)
        {
            var item = (await records.ItemsAsync(ingestion.Id, limit: 1, cancellation: cancellation)).SingleOrDefault();
            if (item is { Stage: not (ItemStage.Queued or ItemStage.Parsed) }) return item;
            await Task.Delay(Poll, cancellation);
        }

        return null;
    }

    private static async Task<IResult> AnswerAsync(IngestionItem item, DocumentStore documents, Caller caller, CancellationToken cancellation) => item.Stage switch
    {
        ItemStage.Embedded or ItemStage.Unchanged => TypedResults.Ok(await DocumentView.FindAsync(documents, item.DocumentId!.Value, caller.Tenant, cancellation)),
        ItemStage.Cancelled => throw ProblemException.Conflict(item.Detail ?? "It was cancelled before it was embedded: send it again."),
        _ => throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "The document is not usable.", $"{item.Outcome ?? "failed"}: {item.Detail}"),
    };
}
