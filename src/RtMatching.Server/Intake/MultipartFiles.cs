using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Intake;

/// <summary>
/// Files of a <c>multipart/form-data</c> body (RFC 7578), one after another. A part is named by its file name, or by a header of its own,
/// <c>External-Id</c>, percent-encoded UTF-8, which may be anything. A part of type <c>application/problem+json</c> stands for a file that
/// the client itself could not read: <c>{"outcome","detail"}</c>.
/// </summary>
internal static class MultipartFiles
{
    public const string ExternalId = "External-Id";
    public const string Unreadable = "application/problem+json";

    // RFC 2046 allows 70.
    private const int MaxBoundary = 200;
    private const int MaxUnreadableBytes = 4096;

    /// <exception cref="ProblemException">400: there is none.</exception>
    public static string Boundary(MediaTypeHeaderValue type)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        return boundary is { Length: > 0 and <= MaxBoundary }
            ? boundary
            : throw ProblemException.BadRequest("The Content-Type has no usable boundary; let the HTTP library write it.");
    }

    /// <exception cref="IOException">The body ends early.</exception>
    /// <exception cref="InvalidDataException">A part's headers are too long.</exception>
    public static async IAsyncEnumerable<SourceItem> ReadAsync(
        Stream body, string boundary, UploadSource source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = new MultipartReader(boundary, body);
        while (await reader.ReadNextSectionAsync(cancellation) is { } section)
        {
            var name = FileName(section);
            var id = GivenId(section);
            if (section.ContentType == Unreadable)
                yield return await UnreadableAsync(section, id ?? name, source, cancellation);
            else
                await foreach (var item in source.FileAsync(name, id, section.Body, cancellation)) yield return item;
        }
    }

    private static string FileName(MultipartSection section)
    {
        var disposition = section.GetContentDispositionHeader();
        var name = disposition?.FileNameStar is { HasValue: true } star ? star.Value : HeaderUtilities.RemoveQuotes(disposition?.FileName ?? default).Value;
        if (name is { Length: > 0 } || GivenId(section) is not null) return name ?? "";
        throw ProblemException.BadRequest("A part of the form has no file name: send each document as a file, and parameters in the query.");
    }

    private static string? GivenId(MultipartSection section) =>
        section.Headers?.TryGetValue(ExternalId, out var given) == true ? Uri.UnescapeDataString(given.ToString()) : null;

    private static async Task<SourceItem> UnreadableAsync(MultipartSection section, string name, UploadSource source, CancellationToken cancellation)
    {
        var buffer = new byte[MaxUnreadableBytes];
        var read = await section.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        try
        {
            using var json = JsonDocument.Parse(buffer.AsMemory(0, read), new JsonDocumentOptions { MaxDepth = 2 });
            return source.RejectedByClient(name, Text(json.RootElement, "outcome"), Text(json.RootElement, "detail"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ProblemException.BadRequest($"A part of type {Unreadable} is not a JSON object of \"outcome\" and \"detail\".");
        }
    }

    private static string? Text(JsonElement problem, string member) =>
        problem.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
