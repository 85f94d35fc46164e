using System.IO.Compression;
using System.Runtime.CompilerServices;
using RtMatching.Core.Ingestion;
using RtMatching.Server.Errors;

namespace RtMatching.Server.Intake;

/// <summary>
/// Files of a ZIP archive. Its directory stands at its end, so the body goes to a temporary file first, which is gone with the request
/// however that ends. Archives inside are documents like any other; the parser says what it thinks of them.
/// </summary>
internal static class ZipFiles
{
    /// <summary>Larger archives would fill the disk for temporary files; bulk loads of that size come in parts anyway.</summary>
    private const long MaxBytes = 1L << 30;

    /// <summary>Unpacked, all entries together.</summary>
    private const long MaxUnpackedBytes = 8L << 30;
    private const int MaxEntries = 100_000;

    // Plain text packs ten to one, logs a hundred; beyond is a bomb. Small files may be anything.
    private const long MaxRatio = 200;
    private const long RatioFrom = 1 << 20;

    // The upper half of the attributes is st_mode where the archive was made on Unix.
    private const int FileType = 0xF000;
    private const int SymbolicLink = 0xA000;

    /// <exception cref="ProblemException">400: no such archive. 413: too large, packed, unpacked or in number of entries.</exception>
    /// <exception cref="IOException">The body ends early.</exception>
    public static async IAsyncEnumerable<SourceItem> ReadAsync(Stream body, UploadSource source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var file = await SpoolAsync(body, cancellation);
        await using var archive = await OpenAsync(file, cancellation);
        foreach (var entry in archive.Entries)
        {
            if (IsLeftOut(entry.FullName)) continue;
            if (Refusal(entry) is { } refusal) yield return source.Reject(entry.FullName, refusal.Outcome, refusal.Detail);
            else await foreach (var item in EntryAsync(entry, source, cancellation)) yield return item;
        }
    }

    private static async Task<FileStream> SpoolAsync(Stream body, CancellationToken cancellation)
    {
        var file = TemporaryFile();
        try
        {
            var buffer = new byte[128 * 1024];
            for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0;)
            {
                if (file.Length + read > MaxBytes) throw TooLarge($"The archive is larger than {MaxBytes:N0} bytes.");
                await WriteAsync(file, buffer.AsMemory(0, read), cancellation);
            }

            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static async Task WriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await file.WriteAsync(bytes, cancellation);
        }
        catch (IOException)
        {
            throw new ProblemException(StatusCodes.Status507InsufficientStorage, "No room.",
                "The server's disk for temporary files is full: send the files as multipart/form-data, which needs none, or smaller archives.");
        }
    }

    /// <summary>Without a name where the system allows, so that not even a killed server leaves it behind.</summary>
    private static FileStream TemporaryFile()
    {
        var options = FileOptions.Asynchronous | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
        var path = Path.Combine(Path.GetTempPath(), $"rtmatch-{Guid.NewGuid():n}.zip");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, options);
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return file;
    }

    private static async Task<ZipArchive> OpenAsync(FileStream file, CancellationToken cancellation)
    {
        if (file.Length == 0) throw ProblemException.BadRequest("The body is empty: send an archive.");
        try
        {
            // Before ZipArchive makes an object of each entry.
            if (ZipDirectory.Count(file, MaxEntries) > MaxEntries) throw TooLarge($"The archive has more than {MaxEntries:N0} entries.");
            var archive = await ZipArchive.CreateAsync(file, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellation);
            if (archive.Entries.Sum(entry => (decimal)entry.Length) > MaxUnpackedBytes)
                throw TooLarge($"The archive unpacks to more than {MaxUnpackedBytes:N0} bytes.");
            return archive;
        }
        catch (InvalidDataException)
        {
            throw ProblemException.BadRequest("The body is not a ZIP archive, or its directory is damaged or cut off: make it anew.");
        }
    }

    private static ProblemException TooLarge(string detail) =>
        new(StatusCodes.Status413PayloadTooLarge, "Too large.", $"{detail} Send it in parts, or as multipart/form-data.");

    /// <summary>Folders, hidden files and what macOS adds: left out of archives as they are of folders.</summary>
    private static bool IsLeftOut(string name) =>
        name.EndsWith('/') || name.EndsWith('\\')
        || name.Split('/', '\\').Any(segment => segment == "__MACOSX" || (segment.StartsWith('.') && segment is not ("." or "..")));

    private static Rejection? Refusal(ZipArchiveEntry entry)
    {
        if (entry.IsEncrypted) return new Rejection("encrypted", "It is encrypted: pack it without a password.");
        if (((entry.ExternalAttributes >> 16) & FileType) == SymbolicLink) return new Rejection("unsupported", "A symbolic link: pack the file itself.");
        return entry.Length > RatioFrom && entry.Length / Math.Max(1, entry.CompressedLength) > MaxRatio
            ? new Rejection("too_large", "It is packed far more densely than any document: pack a plain one, or send it unpacked.")
            : null;
    }

    private static async IAsyncEnumerable<SourceItem> EntryAsync(
        ZipArchiveEntry entry, UploadSource source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Stream? content = null;
        try
        {
            content = new CheckedEntry(await entry.OpenAsync(cancellation), entry.Length, entry.Crc32);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            // Told below: an iterator must not yield from a catch.
        }

        if (content is null)
        {
            yield return source.Reject(entry.FullName, "corrupt", "It is damaged, or packed by a method other than store and deflate: pack it anew.");
            yield break;
        }

        await using (content)
            await foreach (var item in source.FileAsync(entry.FullName, null, content, cancellation)) yield return item;
    }
}
