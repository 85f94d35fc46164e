using System.Runtime.CompilerServices;

namespace RtMatching.Core.Ingestion;

/// <summary>Reads files, folders and bulk files into items, one after another, so that memory holds one document at a time.</summary>
public sealed class IngestionSource(IngestionRequest request, IngestionOptions options)
{
    private const string FileSource = "files";

    internal const int MaxSourceLength = 200;

    /// <exception cref="FileNotFoundException">A path does not exist; thrown before anything is read.</exception>
    /// <exception cref="ArgumentException">An external id for other than one file.</exception>
    public static void Check(IngestionRequest request)
    {
        foreach (var path in request.Paths)
            if (!Path.Exists(path)) throw new FileNotFoundException($"There is no file or folder {path}.", path);
        if (request.ExternalId is not null && (request.Paths.Count != 1 || Directory.Exists(request.Paths[0]) || SourceFiles.IsBulk(request.Paths[0])))
            throw new ArgumentException("An external id names one document: give exactly one file with it, not a folder or bulk file.");
        CheckSource(request.Source);
    }

    /// <exception cref="ArgumentException">A source that cannot be stored.</exception>
    public static void CheckSource(string? source)
    {
        if (source is not null && (source.Length > MaxSourceLength || ExternalIds.Problem(source) is not null))
            throw new ArgumentException($"A source is a short name of at most {MaxSourceLength} characters without control characters.");
    }

    /// <summary>For the list of ingestions: where the items came from.</summary>
    public static string Describe(IngestionRequest request)
    {
        if (request.Source is not null) return request.Source;
        return request.Paths is [var only] && File.Exists(only) && SourceFiles.IsBulk(only) ? Path.GetFileName(only) : FileSource;
    }

    /// <summary>In the order of the paths; inside a folder in ordinal order. Bad input becomes rejected items.</summary>
    public async IAsyncEnumerable<SourceItem> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var rows = new RowReader(request, options);
        foreach (var file in SourceFiles.Of(request.Paths))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!file.IsBulk) yield return await ReadFileAsync(file, cancellation);
            else await foreach (var row in ReadRowsAsync(rows, file.Path, cancellation)) yield return row;
        }
    }

    /// <summary>Rows up to where the file cannot be read on, if there is such a place.</summary>
    private static async IAsyncEnumerable<SourceItem> ReadRowsAsync(
        RowReader rows, string file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var source = Path.GetFileName(file);
        await using var read = OpenedAsync().GetAsyncEnumerator(cancellation);
        while (true)
        {
            SourceItem? stopped = null;
            try
            {
                if (!await read.MoveNextAsync()) yield break;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                stopped = rows.Rest(source, Outcomes.Unreadable, Rejection.UnreadableDetail(e));
            }

            yield return stopped ?? read.Current;
            if (stopped is not null) yield break;
        }

        async IAsyncEnumerable<SourceItem> OpenedAsync()
        {
            await using var stream = File.OpenRead(file);
            await foreach (var row in rows.ReadAsync(source, BulkFiles.FormatOf(file)!.Value, stream, cancellation)) yield return row;
        }
    }

    private async Task<SourceItem> ReadFileAsync(SourceFile file, CancellationToken cancellation)
    {
        var (length, rejection) = SourceFiles.Measure(file, options.MaxDocumentBytes);
        if (rejection is not null) return SourceItem.Rejected(file.Name, rejection.Outcome, rejection.Detail);
        try
        {
            var bytes = length == 0 ? [] : await ReadBoundedAsync(file.Path, cancellation);
            if (bytes is null) return SourceItem.Rejected(file.Name, Outcomes.TooLarge, Rejection.TooLargeDetail(length, options.MaxDocumentBytes));
            var externalId = request.ExternalId ?? file.Name;
            return ExternalIds.Problem(externalId) is { } bad
                ? SourceItem.Rejected(file.Name, Outcomes.Unsupported, bad)
                : new SourceItem(file.Name, request.Source ?? FileSource, externalId, bytes) { Tags = request.Tags };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SourceItem.Rejected(file.Name, Outcomes.Unreadable, Rejection.UnreadableDetail(e));
        }
    }

    /// <summary>Null where the file has grown past the limit since it was measured.</summary>
    private async Task<byte[]?> ReadBoundedAsync(string file, CancellationToken cancellation)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, useAsync: true);
        var buffer = new byte[Math.Min(stream.Length, options.MaxDocumentBytes) + 1];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return read > options.MaxDocumentBytes ? null : buffer[..read];
    }
}
