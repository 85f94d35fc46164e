using System.Runtime.InteropServices;

namespace RtMatching.Inference.Kernels;

/// <summary>
/// Floats outside the managed heap, aligned to a cache line, uninitialised. Large and long-lived, they would only
/// burden the collector, and <see cref="Dispose"/> gives them back at once.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int CacheLine = 64;
    private static long _allocated;
    private float* _pointer;

    public NativeBuffer(long length)
    {
        Length = length;
        _pointer = Allocate(length);
    }

    ~NativeBuffer() => Free();

    /// <summary>Bytes in all buffers of the process.</summary>
    public static long AllocatedBytes => Interlocked.Read(ref _allocated);

    public long Length { get; private set; }

    public float* Pointer => _pointer is not null ? _pointer : throw new ObjectDisposedException(nameof(NativeBuffer));

    public Span<float> Slice(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, Length);
        return new Span<float>(Pointer + start, length);
    }

    /// <summary>At least <paramref name="length"/> floats from here on; what was in it is lost when it must grow.</summary>
    public float* Reserve(long length)
    {
        if (length <= Length) return Pointer;
        _ = checked((nuint)length * sizeof(float));     // what cannot be had must not cost what is there
        Free();
        _pointer = Allocate(length);
        Length = length;
        return _pointer;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static float* Allocate(long length)
    {
        var pointer = (float*)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(length, 1) * sizeof(float)), CacheLine);
        Interlocked.Add(ref _allocated, Bytes(length));
        return pointer;
    }

    private static long Bytes(long length) => Math.Max(length, 1) * sizeof(float);

    private void Free()
    {
        if (_pointer is null) return;
        Interlocked.Add(ref _allocated, -Bytes(Length));
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        Length = 0;
    }
}
