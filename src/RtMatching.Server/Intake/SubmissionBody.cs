using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Intake;

/// <summary>A body of files or rows, read item by item as it arrives.</summary>
internal static class SubmissionBody
{
    private const string Multipart = "multipart/form-data";
    private const string Zip = "application/zip";
    private const string Lines = "application/x-ndjson";
    private const string Csv = "text/csv";
    private static readonly string[] Types = [Multipart, Lines, Csv, Zip];

    /// <summary>Examples of each form, for <c>/openapi.json</c>.</summary>
    public static IReadOnlyDictionary<string, object> Examples { get; } = new Dictionary<string, object>
    {
        [Multipart] = new Dictionary<string, object> { ["file"] = (string[])["(the bytes of ada.pdf)", "(the bytes of grace.docx)"] },
        [Lines] = "{\"id\":\"1\",\"text\":\"Baked bread and pastry daily\",\"tags\":\"bakery\"}\n{\"id\":\"2\",\"text\":\"Taught mathematics\"}\n",
        [Csv] = "id,text,location\n1,Baked bread and pastry daily,Ghent\n",
        [Zip] = "(the bytes of a ZIP archive)",
    };

    /// <summary>False where the request has no body at all.</summary>
    public static bool IsGiven(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };

    /// <summary>The items of the request's body, none of it read until they are asked for; null where there is no body at all.</summary>
    /// <exception cref="ProblemException">415, from what is given: the body is none of the forms taken.</exception>
    public static Func<UploadSource, IAsyncEnumerable<SourceItem>>? Reader(HttpRequest request, CancellationToken cancellation) =>
        IsGiven(request) ? source => Read(request, source, cancellation) : null;

    private static IAsyncEnumerable<SourceItem> Read(HttpRequest request, UploadSource source, CancellationToken cancellation)
    {
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : null;
        return type?.MediaType.Value?.ToLowerInvariant() switch
        {
            Multipart => MultipartFiles.ReadAsync(request.Body, MultipartFiles.Boundary(type), source, cancellation),
            Lines or "application/jsonl" => source.RowsAsync(RowFormat.JsonLines, request.Body, cancellation),
            Csv => source.RowsAsync(RowFormat.Csv, request.Body, cancellation),
            Zip or "application/x-zip-compressed" => ZipFiles.ReadAsync(request.Body, source, cancellation),
            _ => throw new ProblemException(StatusCodes.Status415UnsupportedMediaType, "Not in this format.",
                $"Send files as {Multipart} or {Zip}, rows as {Lines} or {Csv}, and say which in Content-Type."),
        };
    }

    /// <summary>The forms, for <c>/openapi.json</c>.</summary>
    public static StreamedBody Described { get; } = new(false, Types);
}
