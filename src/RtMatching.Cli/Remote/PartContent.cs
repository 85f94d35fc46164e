using System.Net;
using System.Net.Http.Headers;
using System.Text;
using RtMatching.Cli.Output;
using RtMatching.Core.Ingestion;

namespace RtMatching.Cli.Remote;

/// <summary>
/// A part of an ingestion as <c>multipart/form-data</c>, streamed from the disk: one file is open at a time, and none is held. A file that
/// cannot be read when its turn comes is told of in its place.
/// </summary>
internal sealed class PartContent : HttpContent
{
    private readonly IReadOnlyList<OutgoingFile> _files;
    private readonly string _boundary = Guid.NewGuid().ToString("n");

    public PartContent(IReadOnlyList<OutgoingFile> files)
    {
        _files = files;
        Headers.ContentType = new MediaTypeHeaderValue("multipart/form-data") { Parameters = { new("boundary", _boundary) } };
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellation)
    {
        foreach (var file in _files)
        {
            var rejection = file.Rejection;
            await using var content = rejection is null && file.Length > 0 ? TryOpen(file.Path, out rejection) : null;
            await WriteAsync(stream, Head(file, rejection), cancellation);
            if (rejection is not null) await WriteAsync(stream, JsonOutput.ToLine(rejection), cancellation);
            else if (content is not null) await content.CopyToAsync(stream, cancellation);
            await WriteAsync(stream, "\r\n", cancellation);
        }

        await WriteAsync(stream, $"--{_boundary}--\r\n", cancellation);
    }

    private static FileStream? TryOpen(string path, out Rejection? rejection)
    {
        try
        {
            rejection = null;
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, useAsync: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            rejection = SourceFiles.Unreadable(e);
            return null;
        }
    }

    /// <summary>The name of a bulk file is the source of its rows; that of any other file is only its external id.</summary>
    private string Head(OutgoingFile file, Rejection? rejection)
    {
        var head = new StringBuilder();
        head.Append("--").Append(_boundary).Append("\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''")
            .Append(Uri.EscapeDataString(Path.GetFileName(file.Path))).Append("\r\n");
        if (file.ExternalId is { } id) head.Append("External-Id: ").Append(Uri.EscapeDataString(id)).Append("\r\n");
        if (rejection is not null) head.Append("Content-Type: application/problem+json\r\n");
        return head.Append("\r\n").ToString();
    }

    private static async Task WriteAsync(Stream stream, string text, CancellationToken cancellation) =>
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;       // a file may grow while it is read
    }
}
