using System.Globalization;

namespace RtMatching.Core.Evaluation;

/// <summary>
/// The kept vectors of one model and its settings: a file for each number of passes that was ever asked for, of which the larger ones
/// answer for the smaller. One process adds at a time; another one that has the same settings only reads meanwhile.
/// </summary>
public sealed class CachedEmbeddings : IDisposable
{
    private const long Full = -1;

    private readonly string _folder;
    private readonly string _name;
    private readonly CachedShape _shape;
    private readonly Func<long> _makeRoom;
    private readonly Action<Exception> _failed;
    private readonly List<CacheFile> _readable = [];   // that of our own number of passes first
    private CacheFile? _own;
    private FileStream? _lock;
    private long _room;   // bytes that may be added before room is asked for again

    internal CachedEmbeddings(string folder, string name, CachedShape shape, Func<long> makeRoom, Action<Exception> failed) =>
        (_folder, _name, _shape, _makeRoom, _failed) = (folder, name, shape, makeRoom, failed);

    /// <summary>Whether this one adds; false where another process does, or nothing can be written.</summary>
    public bool Writes => _own is not null;

    /// <summary>The passes of a text with these settings; null where they are not kept, or damaged.</summary>
    public SweptText? Find(string text)
    {
        var key = CachedShape.Key(text);
        return _readable.Select(file => file.Find(key, _shape.Passes)).FirstOrDefault(found => found is not null);
    }

    /// <summary>Keeps them, unless another process writes, or the limit is reached.</summary>
    internal void Add(string text, SweptText swept)
    {
        if (_own is null || _room == Full) return;
        try
        {
            if (_room < _shape.RecordLength) _room = _makeRoom();
            if (_room < _shape.RecordLength) _room = Full;
            else _own.Append(CachedShape.Key(text), swept);
            if (_room != Full) _room -= _shape.RecordLength;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _room = Full;       // the disk, for instance; what is torn is cut the next time
            _failed(exception);
        }
    }

    internal void Attach()
    {
        var path = PathOf(_shape.Passes);
        _lock = Lock(path);
        if (_lock is not null) _own = CacheFile.OpenToWrite(path, _shape);
        if ((_own ?? CacheFile.OpenToRead(path, _shape)) is { } own) _readable.Add(own);
        foreach (var passes in LargerFiles())
            if (CacheFile.OpenToRead(PathOf(passes), _shape with { Passes = passes }) is { } larger) _readable.Add(larger);
    }

    /// <summary>Deletes a cache file that nobody writes.</summary>
    /// <returns>False where it is in use.</returns>
    internal static bool Delete(FileInfo file)
    {
        using var held = Lock(file.FullName);
        if (held is null) return false;
        file.Delete();
        File.Delete(held.Name);
        return true;
    }

    public void Dispose()
    {
        foreach (var file in _readable) file.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Null where another one, perhaps of this process, has it.</summary>
    private static FileStream? Lock(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string PathOf(int passes) =>
        Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{_name}-k{passes}{EmbeddingCache.Extension}"));

    private IEnumerable<int> LargerFiles() => Directory.EnumerateFiles(_folder, $"{_name}-k*{EmbeddingCache.Extension}")
        .Select(path => Path.GetFileNameWithoutExtension(path)[(_name.Length + 2)..])
        .Select(passes => int.TryParse(passes, NumberStyles.None, CultureInfo.InvariantCulture, out var k) ? k : 0)
        .Where(passes => passes > _shape.Passes)
        .Order();
}
