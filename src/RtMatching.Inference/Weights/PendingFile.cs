namespace RtMatching.Inference.Weights;

/// <summary>A file that appears whole or not at all: written under another name beside its place, then renamed over what was there.</summary>
public sealed class PendingFile : IDisposable
{
    private readonly string _path;
    private readonly string _pendingPath;
    private bool _renamed;

    /// <param name="path">Where it will be.</param>
    /// <exception cref="IOException">The folder does not exist or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public PendingFile(string path)
    {
        _path = path;
        _pendingPath = $"{path}.{Guid.NewGuid():N}.partial";
        Stream = new FileStream(_pendingPath, FileMode.CreateNew, FileAccess.Write);
    }

    public FileStream Stream { get; }

    /// <summary>Puts the file in its place, safely on disk.</summary>
    public void Commit()
    {
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
        File.Move(_pendingPath, _path, overwrite: true);
        _renamed = true;
    }

    /// <summary>Leaves nothing behind where it was not committed.</summary>
    public void Dispose()
    {
        Stream.Dispose();
        if (!_renamed) File.Delete(_pendingPath);
    }
}
