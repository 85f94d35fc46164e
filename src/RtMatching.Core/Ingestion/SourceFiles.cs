namespace RtMatching.Core.Ingestion;

/// <summary>A file that paths lead to, before it is read.</summary>
/// <param name="Name">The full path with / on every system: the same file has the same name wherever the command is run from.</param>
/// <param name="IsBulk">It has one document a row.</param>
/// <param name="Rejection">Why it is not taken; null where it is.</param>
public sealed record SourceFile(string Path, string Name, bool IsBulk, Rejection? Rejection);

/// <summary>Finds the files that an ingestion's paths lead to, in the order of the paths; inside a folder in ordinal order.</summary>
public static class SourceFiles
{
    /// <summary>Each file once, however many paths lead to it.</summary>
    public static IEnumerable<SourceFile> Of(IEnumerable<string> paths)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        foreach (var (file, rejection) in FolderWalk.Files(Path.GetFullPath(path)))
            if (seen.Add(file)) yield return new SourceFile(file, Name(file), rejection is null && IsBulk(file), rejection);
    }

    /// <summary>How long a file is, or why it is not taken. Pipes and devices say 0, and are not to be opened: that could wait for ever.</summary>
    public static (long Length, Rejection? Rejection) Measure(SourceFile file, int maxDocumentBytes)
    {
        if (file.Rejection is not null) return (0, file.Rejection);
        try
        {
            var length = new FileInfo(file.Path).Length;
            return length > maxDocumentBytes && !file.IsBulk
                ? (0, new Rejection(Outcomes.TooLarge, Rejection.TooLargeDetail(length, maxDocumentBytes)))
                : (length, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (0, Unreadable(e));
        }
    }

    public static Rejection Unreadable(Exception e) => new(Outcomes.Unreadable, Rejection.UnreadableDetail(e));

    private static string Name(string file) => ExternalIds.Shortened(OperatingSystem.IsWindows() ? file.Replace('\\', '/') : file);

    /// <summary>By extension, unless the content plainly is a document with a lying name.</summary>
    internal static bool IsBulk(string file) => BulkFiles.FormatOf(file) is not null && !StartsLikeDocument(file);

    private static bool StartsLikeDocument(string file)
    {
        try
        {
            // A pipe says 0 too, and opening it could wait for ever.
            if (new FileInfo(file).Length == 0) return true;
            using var stream = File.OpenRead(file);
            Span<byte> start = stackalloc byte[BulkFiles.StartLength];
            return BulkFiles.StartsLikeDocument(start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;        // reported as one unreadable file, not as an empty bulk file
        }
    }
}
