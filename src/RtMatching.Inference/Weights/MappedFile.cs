using System.IO.MemoryMappedFiles;

namespace RtMatching.Inference.Weights;

/// <summary>A weight file mapped into memory, read-only; every access is checked against its length.</summary>
internal sealed class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private MappedFile(string path, long length, MemoryMappedFile file)
    {
        Path = path;
        Length = length;
        _file = file;
        _view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
    }

    public string Path { get; }

    /// <summary>Bytes in the file when it was opened; the view itself is rounded up to whole pages.</summary>
    public long Length { get; }

    /// <exception cref="InvalidWeightsException">There is no such file, it is empty or it may not be read.</exception>
    public static MappedFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Weight files are little-endian, and so must this machine be.");
        try
        {
            // The length comes first: devices and pipes report none, and opening a pipe would wait for a writer.
            var length = new FileInfo(path).Length;
            if (length == 0) throw new InvalidWeightsException($"{path}: the file is empty. Copy or download it again.");
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            return new MappedFile(path, length, MapOrDispose(stream));
        }
        catch (FileNotFoundException e)
        {
            throw new InvalidWeightsException($"{path}: there is no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidWeightsException($"{path}: the file cannot be read: {e.Message}", e);
        }
    }

    private static MemoryMappedFile MapOrDispose(FileStream stream)
    {
        try
        {
            return MemoryMappedFile.CreateFromFile(
                stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Pins the mapping for as long as the lease lives, so that a disposal elsewhere cannot pull it away under a reader.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public Lease Acquire() => new(this);

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>The mapped bytes; spans are valid until it is disposed.</summary>
    public readonly unsafe ref struct Lease
    {
        private readonly MappedFile _owner;
        private readonly byte* _start;

        internal Lease(MappedFile owner)
        {
            _owner = owner;
            byte* start = null;
            owner._view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _start = start + owner._view.PointerOffset;
        }

        /// <exception cref="InvalidWeightsException">The bytes would lie outside the file.</exception>
        public ReadOnlySpan<byte> Slice(long offset, int length)
        {
            if (offset < 0 || length < 0 || offset > _owner.Length - length)
                throw new InvalidWeightsException(
                    $"{_owner.Path}: {length} bytes at {offset} lie outside the file of {_owner.Length} bytes. Copy or download it again.");
            return new ReadOnlySpan<byte>(_start + offset, length);
        }

        public void Dispose() => _owner._view.SafeMemoryMappedViewHandle.ReleasePointer();
    }
}
