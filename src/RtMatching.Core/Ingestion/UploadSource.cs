using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace RtMatching.Core.Ingestion;

/// <summary>
/// Turns what is sent, one named stream after another, into items, as <see cref="IngestionSource"/> does with paths: bulk files become
/// their rows, any other file one document, and what cannot be taken a rejected item. Memory holds one document at a time.
/// </summary>
public sealed class UploadSource(IngestionRequest request, IngestionOptions options)
{
    private const string FileSource = "files";
    private const string RowSource = "api";
    private const int FirstBuffer = 32 * 1024;
    private static readonly string[] ClientOutcomes = [Outcomes.Unreadable, Outcomes.TooLarge, Outcomes.Unsupported];

    private readonly RowReader _rows = new(request, options);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>A file: its rows where its name and content say that it has such, one item otherwise.</summary>
    /// <param name="externalId">Names the document in place of the file name, and makes it one document whatever its name.</param>
    /// <param name="content">Read to its end, or to where it is too large; stays the caller's.</param>
    /// <exception cref="IOException">The stream broke off.</exception>
    public async IAsyncEnumerable<SourceItem> FileAsync(
        string fileName, string? externalId, Stream content, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var name = externalId ?? UploadName.Normalised(fileName, out _);
        if (Problem(fileName, externalId) is { } problem)
        {
            yield return Reject(externalId ?? fileName, Outcomes.Unsupported, problem);
            yield break;
        }

        var pipe = PipeReader.Create(content, new StreamPipeReaderOptions(leaveOpen: true));
        await using var whole = pipe.AsStream();
        var format = externalId is null ? BulkFiles.FormatOf(name) : null;
        if (format is { } rows && !await StartsLikeDocumentAsync(pipe, cancellation))
            await foreach (var row in RowsOfAsync(Path.GetFileName(name), rows, whole, cancellation)) yield return row;
        else
            yield return await DocumentAsync(name, whole, cancellation);
    }

    /// <summary>Rows by themselves. Where the request names no source they come from nowhere in particular, so each needs an id.</summary>
    /// <inheritdoc cref="FileAsync"/>
    public IAsyncEnumerable<SourceItem> RowsAsync(RowFormat format, Stream rows, CancellationToken cancellation = default) =>
        new RowReader(request, options) { NeedsIds = request.Source is null }.ReadAsync(RowSource, format, rows, cancellation);

    /// <summary>Something that is not taken, under a name that may be anything.</summary>
    /// <param name="outcome">As the database writes outcomes.</param>
    /// <param name="detail">For a person; never a piece of the document.</param>
    public SourceItem Reject(string name, string outcome, string detail)
    {
        var unique = name = ExternalIds.Showable(name);
        for (var twin = 2; !_names.Add(unique); twin++) unique = $"{name} ({twin})";
        return SourceItem.Rejected(unique, outcome, detail);
    }

    /// <summary>What the client itself could not read: its words, as far as they are of the kind.</summary>
    public SourceItem RejectedByClient(string name, string? outcome, string? detail) => Reject(
        name, ClientOutcomes.Contains(outcome) ? outcome! : Outcomes.Unreadable, RowValues.Short(detail) ?? "The client could not read it.");

    /// <summary>Why a name cannot be one; null where it can.</summary>
    private string? Problem(string fileName, string? externalId)
    {
        if (externalId is not null) return ExternalIds.Problem(externalId);
        var name = UploadName.Normalised(fileName, out var problem);
        if (problem is not null || BulkFiles.FormatOf(name) is null) return problem;
        return request.Source is null && Path.GetFileName(name).Length > IngestionSource.MaxSourceLength
            ? $"The name of a file with rows is their source, of at most {IngestionSource.MaxSourceLength} characters: rename it or give a source."
            : null;
    }

    private async Task<SourceItem> DocumentAsync(string name, Stream content, CancellationToken cancellation)
    {
        if (_names.Contains(name)) return Reject(name, Outcomes.Corrupt, "Another file of this name came before: names must differ.");
        byte[]? bytes;
        try
        {
            bytes = await ReadBoundedAsync(content, cancellation);
        }
        catch (InvalidDataException)
        {
            return Reject(name, Outcomes.Corrupt, "Its compressed content is damaged.");
        }

        if (bytes is null)
            return Reject(name, Outcomes.TooLarge, $"More than {options.MaxDocumentBytes:N0} bytes. Raise the size limit or give a smaller file.");
        _names.Add(name);
        return new SourceItem(name, request.Source ?? FileSource, request.ExternalId ?? name, bytes) { Tags = request.Tags };
    }

    /// <summary>Rows up to where the file's compressed content is damaged, if there is such a place.</summary>
    private async IAsyncEnumerable<SourceItem> RowsOfAsync(
        string source, RowFormat format, Stream rows, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var read = _rows.ReadAsync(source, format, rows, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            SourceItem? stopped = null;
            try
            {
                if (!await read.MoveNextAsync()) yield break;
            }
            catch (InvalidDataException)
            {
                stopped = _rows.Rest(source, Outcomes.Corrupt, "From here on its compressed content is damaged.");
            }

            yield return stopped ?? read.Current;
            if (stopped is not null) yield break;
        }
    }

    /// <summary>Looks without taking.</summary>
    private static async Task<bool> StartsLikeDocumentAsync(PipeReader pipe, CancellationToken cancellation)
    {
        try
        {
            var start = (await pipe.ReadAtLeastAsync(BulkFiles.StartLength, cancellation)).Buffer;
            var bytes = start.Slice(0, Math.Min(start.Length, BulkFiles.StartLength)).ToArray();
            pipe.AdvanceTo(start.Start);
            return BulkFiles.StartsLikeDocument(bytes);
        }
        catch (InvalidDataException)
        {
            return true;        // reported as one damaged file, not as an empty bulk file
        }
    }

    /// <summary>Null where it is larger than documents may be; the rest is left unread then.</summary>
    private async Task<byte[]?> ReadBoundedAsync(Stream content, CancellationToken cancellation)
    {
        var buffer = new byte[FirstBuffer];
        for (var length = 0; ;)
        {
            var read = await content.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0) return buffer[..length];
            length += read;
            if (length > options.MaxDocumentBytes) return null;
            if (length == buffer.Length) Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 4L, options.MaxDocumentBytes + 1L));
        }
    }
}
