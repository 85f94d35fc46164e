using Microsoft.Win32.SafeHandles;

namespace RtMatching.Core.Evaluation;

/// <summary>One file of records; see <see cref="CachedShape"/>. A tail that a crash tore off is not read, and is cut before the next record.</summary>
internal sealed class CacheFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly CachedShape _shape;
    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);   // of the newest record of each text
    private long _end;

    private CacheFile(SafeFileHandle file, CachedShape shape)
    {
        (_file, _shape) = (file, shape);
        var records = Math.Max(0, (RandomAccess.GetLength(file) - CachedShape.HeaderLength) / shape.RecordLength);
        var key = new byte[CachedShape.KeyLength];
        for (_end = CachedShape.HeaderLength; records > 0; records--, _end += shape.RecordLength)
        {
            if (RandomAccess.Read(file, key, _end) == key.Length) _offsets[Convert.ToHexString(key)] = _end;
        }
    }

    /// <summary>Null where there is none, or it is damaged or of another kind.</summary>
    public static CacheFile? OpenToRead(string path, CachedShape shape)
    {
        if (!File.Exists(path)) return null;
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (!HasHeader(file, shape)) return Closed(file);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);   // it is in use: others go first when room is needed
            return new CacheFile(file, shape);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A file whose header is not this shape's is begun anew. The caller holds the lock.</summary>
    public static CacheFile OpenToWrite(string path, CachedShape shape)
    {
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (!HasHeader(file, shape))
            {
                RandomAccess.SetLength(file, 0);
                RandomAccess.Write(file, shape.Header(), 0);
            }

            var opened = new CacheFile(file, shape);
            RandomAccess.SetLength(file, opened._end);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return opened;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public SweptText? Find(byte[] key, int passes)
    {
        if (!_offsets.TryGetValue(Convert.ToHexString(key), out var offset)) return null;
        var record = new byte[_shape.RecordLength];
        if (RandomAccess.Read(_file, record, offset) != record.Length) return null;
        var found = _shape.Read(record, passes);

        // A single pass may be of one token more than the first of several, where the window cuts.
        return found is { Truncated: true } && passes == 1 && _shape.Passes > 1 ? null : found;
    }

    public void Append(byte[] key, SweptText text)
    {
        RandomAccess.Write(_file, _shape.Record(key, text), _end);
        _offsets[Convert.ToHexString(key)] = _end;
        _end += _shape.RecordLength;
    }

    public void Dispose() => _file.Dispose();

    private static CacheFile? Closed(SafeFileHandle file)
    {
        file.Dispose();
        return null;
    }

    private static bool HasHeader(SafeFileHandle file, CachedShape shape)
    {
        var header = new byte[CachedShape.HeaderLength];
        return RandomAccess.Read(file, header, 0) == header.Length && header.AsSpan().SequenceEqual(shape.Header());
    }
}
