namespace RtMatching.Server.Intake;

/// <summary>
/// An unpacked entry that must be what its archive's directory says: not longer, because the sum of those lengths was checked, and of the
/// same CRC-32, which the framework does not look at. Wrong ones are told where the content ends.
/// </summary>
internal sealed class CheckedEntry(Stream inner, long length, uint crc) : Stream
{
    private const uint Polynomial = 0xEDB88320;
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value => Shifted((uint)value))];

    private long _left = length;
    private uint _sum = uint.MaxValue;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Check(buffer.AsSpan(offset, read), count);
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Check(buffer.Span[..read], buffer.Length);
        return read;
    }

    /// <exception cref="InvalidDataException">Too long, or at its end and not what was packed.</exception>
    private void Check(ReadOnlySpan<byte> read, int asked)
    {
        _left -= read.Length;
        if (_left < 0) throw new InvalidDataException("The entry is longer than the archive says.");
        foreach (var value in read) _sum = Table[(byte)(_sum ^ value)] ^ (_sum >> 8);
        if (asked > 0 && read.IsEmpty && ~_sum != crc) throw new InvalidDataException("The entry is not what was packed.");
    }

    private static uint Shifted(uint value)
    {
        for (var bit = 0; bit < 8; bit++) value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
        return value;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
