namespace RtMatching.Core.Ingestion;

/// <summary>The files under a path, in a stable order. Hidden files and folders (a leading dot) inside a folder are left out.</summary>
internal static class FolderWalk
{
    /// <summary>
    /// Links given as <paramref name="path"/> itself are followed. Inside a folder, links to other places are reported, so that a walk
    /// never leaves the folder it was given or runs in a circle; links to places inside need no following: the walk comes there anyway.
    /// </summary>
    public static IEnumerable<(string File, Rejection? Rejection)> Files(string path) =>
        Directory.Exists(path) ? Folder(path, Real(path)) : [(path, null)];

    // Depth-first with a stack of its own: a deep tree must not overflow the thread's.
    private static IEnumerable<(string File, Rejection? Rejection)> Folder(string top, string realTop)
    {
        var pending = new Stack<FileSystemInfo>();
        pending.Push(new DirectoryInfo(top));
        while (pending.TryPop(out var entry))
        {
            var isLink = entry.FullName != top && entry.LinkTarget is not null;
            if (isLink)
            {
                if (Outside(entry, realTop) is { } rejection) yield return (entry.FullName, rejection);
            }
            else if (entry is not DirectoryInfo folder)
                yield return (entry.FullName, null);
            else if (TryList(folder, out var entries) is { } rejection)
                yield return (entry.FullName, rejection);
            else
                foreach (var inner in entries) pending.Push(inner);
        }
    }

    /// <summary>Last first, as the stack wants them.</summary>
    private static Rejection? TryList(DirectoryInfo folder, out IReadOnlyList<FileSystemInfo> entries)
    {
        try
        {
            entries = [.. folder.EnumerateFileSystemInfos()
                .Where(entry => !entry.Name.StartsWith('.'))
                .OrderByDescending(entry => entry.Name, StringComparer.Ordinal)];
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            entries = [];
            return new Rejection(Outcomes.Unreadable, Rejection.UnreadableDetail(e));
        }
    }

    private static Rejection? Outside(FileSystemInfo link, string realTop)
    {
        try
        {
            var target = link.ResolveLinkTarget(returnFinalTarget: true);
            if (target is null || !target.Exists) return new Rejection(Outcomes.Unreadable, "A symbolic link to nothing.");
            var inside = (target.FullName + Path.DirectorySeparatorChar).StartsWith(realTop + Path.DirectorySeparatorChar, StringComparison.Ordinal);
            if (inside) return null;
            return new Rejection(Outcomes.Unsupported, "A symbolic link out of the folder: give the place it leads to as a path of its own.");
        }
        catch (IOException)
        {
            return new Rejection(Outcomes.Unreadable, "A symbolic link that leads in a circle or to nothing.");
        }
    }

    private static string Real(string folder)
    {
        var target = new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder;
        return Path.TrimEndingDirectorySeparator(target);
    }
}
