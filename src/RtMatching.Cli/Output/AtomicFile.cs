namespace RtMatching.Cli.Output;

/// <summary>Writes files that others read: what lies there is the old one or the whole new one, never a part.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Writes every file beside its place first and moves them there once all are whole; on any failure nothing that lay there has changed.
    /// Folders that are missing are made.
    /// </summary>
    public static void Write(params IReadOnlyList<(string Path, Action<Stream> Write)> files)
    {
        var written = new List<(string Temporary, string Path)>();
        try
        {
            foreach (var (path, write) in files)
            {
                if (Directory.Exists(path)) throw new IOException($"{path} is a folder; name a file");
                var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
                Directory.CreateDirectory(folder);
                var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
                written.Add((temporary, path));
                using var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write);
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            foreach (var (temporary, path) in written) File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            foreach (var (temporary, _) in written) File.Delete(temporary);     // what was moved is not there any more, which is no error
        }
    }
}
