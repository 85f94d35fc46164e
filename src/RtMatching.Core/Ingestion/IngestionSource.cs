using System.Runtime.CompilerServices;
using System.Text;
using RtMatching.Core.Documents;

namespace RtMatching.Core.Ingestion;

/// <summary>Reads files, folders and bulk files into items, one after another, so that memory holds one document at a time.</summary>
internal sealed class IngestionSource(IngestionRequest request, IngestionOptions options)
{
    private const string FileSource = "files";

    // Kept well under what a PostgreSQL index row takes (2,704 bytes) with tenant and source beside it.
    internal const int MaxIdBytes = 2000;
    private static readonly string[] BulkExtensions = [".jsonl", ".ndjson", ".csv", ".tsv"];

    private const int MaxSourceLength = 200;

    /// <exception cref="FileNotFoundException">A path does not exist; thrown before anything is read.</exception>
    /// <exception cref="ArgumentException">An external id for other than one file.</exception>
    public static void Check(IngestionRequest request)
    {
        foreach (var path in request.Paths)
            if (!Path.Exists(path)) throw new FileNotFoundException($"There is no file or folder {path}.", path);
        if (request.ExternalId is not null && (request.Paths.Count != 1 || Directory.Exists(request.Paths[0]) || IsBulk(request.Paths[0])))
            throw new ArgumentException("An external id names one document: give exactly one file with it, not a folder or bulk file.");
        if (request.Source is { } source && (source.Length > MaxSourceLength || BadId(source) is not null))
            throw new ArgumentException($"A source is a short name of at most {MaxSourceLength} characters without control characters.");
    }

    /// <summary>For the list of ingestions: where the items came from.</summary>
    public static string Describe(IngestionRequest request)
    {
        if (request.Source is not null) return request.Source;
        return request.Paths is [var only] && File.Exists(only) && IsBulk(only) ? Path.GetFileName(only) : FileSource;
    }

    /// <summary>In the order of the paths; inside a folder in ordinal order. Bad input becomes rejected items.</summary>
    public async IAsyncEnumerable<SourceItem> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var rows = new RowReader(request, options);
        foreach (var path in request.Paths)
        foreach (var (file, rejection) in FolderWalk.Files(Path.GetFullPath(path)))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!seen.Add(file)) continue;          // overlapping paths: the file is in already
            if (rejection is not null)
                yield return SourceItem.Rejected(Name(file), rejection.Outcome, rejection.Detail);
            else if (!IsBulk(file))
                yield return await ReadFileAsync(file, cancellation);
            else
                await foreach (var row in rows.ReadAsync(file, cancellation)) yield return row;
        }
    }

    /// <summary>By extension, unless the content plainly is a document with a lying name.</summary>
    private static bool IsBulk(string file) =>
        BulkExtensions.Contains(Path.GetExtension(file).ToLowerInvariant()) && !StartsLikeDocument(file);

    private static bool StartsLikeDocument(string file)
    {
        try
        {
            // A pipe says 0 too, and opening it could wait for ever. An empty bulk file is shown as one empty item.
            if (new FileInfo(file).Length == 0) return true;
            using var stream = File.OpenRead(file);
            Span<byte> start = stackalloc byte[512];
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            return start.StartsWith("%PDF"u8) || start.StartsWith("PK\x03\x04"u8) || start.Contains((byte)0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;        // reported as one unreadable file, not as an empty bulk file
        }
    }

    private async Task<SourceItem> ReadFileAsync(string file, CancellationToken cancellation)
    {
        var name = Name(file);
        try
        {
            var length = new FileInfo(file).Length;
            if (length > options.MaxDocumentBytes)
                return SourceItem.Rejected(name, Outcomes.TooLarge, TooLarge(length, options.MaxDocumentBytes));

            // Pipes and devices say 0 too, and opening one could wait for ever.
            var bytes = length == 0 ? [] : await ReadBoundedAsync(file, cancellation);
            if (bytes is null) return SourceItem.Rejected(name, Outcomes.TooLarge, TooLarge(length, options.MaxDocumentBytes));
            var externalId = request.ExternalId ?? name;
            return BadId(externalId) is { } bad
                ? SourceItem.Rejected(name, Outcomes.Unsupported, bad)
                : new SourceItem(name, request.Source ?? FileSource, externalId, bytes) { Tags = request.Tags };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SourceItem.Rejected(name, Outcomes.Unreadable, Unreadable(e));
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

    /// <summary>The full path with / on every system: the same file has the same name wherever the command is run from.</summary>
    private static string Name(string file)
    {
        var name = OperatingSystem.IsWindows() ? file.Replace('\\', '/') : file;
        return Encoding.UTF8.GetByteCount(name) <= MaxIdBytes
            ? name
            : string.Concat(name.AsSpan(0, 400), "...", Convert.ToHexStringLower(Hash(name).AsSpan(0, 8)));
    }

    private static byte[] Hash(string name) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name));

    /// <summary>Why an id cannot be stored; null where it can.</summary>
    internal static string? BadId(string id)
    {
        if (string.IsNullOrWhiteSpace(id)) return "The id is empty.";
        if (id.Any(char.IsControl) || HasLoneSurrogate(id)) return "The id has control characters or broken Unicode.";
        return Encoding.UTF8.GetByteCount(id) > MaxIdBytes ? $"The id is longer than {MaxIdBytes} bytes." : null;
    }

    /// <summary>PostgreSQL takes only well-formed UTF-8.</summary>
    internal static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return true;
            i++;
        }

        return false;
    }

    internal static string TooLarge(long length, int limit) =>
        $"{length:N0} bytes; at most {limit:N0} are taken. Raise the size limit or give a smaller file.";

    internal static string Unreadable(Exception e) => e is UnauthorizedAccessException
        ? "No permission to read it: give this user the right to."
        : $"It cannot be read ({e.GetType().Name}): see whether it still exists and its disk is in order.";
}
