using System.Buffers.Binary;

namespace RtMatching.Server.Intake;

/// <summary>
/// Counts the entries of a ZIP archive's central directory without making anything of them.
/// Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.12 to 4.3.16.
/// </summary>
internal static class ZipDirectory
{
    private const int EndLength = 22;
    private const int LocatorLength = 20;
    private const int HeaderLength = 46;
    private const int MaxComment = ushort.MaxValue;
    private static readonly byte[] EndMark = [0x50, 0x4B, 5, 6];
    private static readonly byte[] LocatorMark = [0x50, 0x4B, 6, 7];
    private static readonly byte[] HeaderMark = [0x50, 0x4B, 1, 2];

    /// <summary>As many headers as stand in the directory, whatever it says itself; at most one more than <paramref name="max"/>.</summary>
    /// <exception cref="InvalidDataException">There is no directory.</exception>
    public static int Count(FileStream file, int max)
    {
        file.Position = Start(file);
        var buffered = new BufferedStream(file, 64 * 1024);      // not disposed: the file is the caller's
        var header = new byte[HeaderLength];
        var count = 0;
        while (count <= max && buffered.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length
            && header.AsSpan().StartsWith(HeaderMark))
        {
            count++;
            var rest = Short(header, 28) + Short(header, 30) + Short(header, 32);        // name, extra field, comment
            for (var skipped = 0; skipped < rest; skipped++)
                if (buffered.ReadByte() < 0) break;
        }

        file.Position = 0;
        return count;
    }

    /// <summary>Where the directory starts, as the end record says, or the ZIP64 one where that one cannot.</summary>
    private static long Start(FileStream file)
    {
        var tail = new byte[(int)Math.Min(file.Length, EndLength + MaxComment + LocatorLength)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        var end = tail.AsSpan().LastIndexOf(EndMark);
        if (end < 0 || tail.Length - end < EndLength) throw new InvalidDataException("No end record.");
        long start = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
        if (start == uint.MaxValue) start = Zip64Start(file, tail.AsSpan(0, end));
        return start >= 0 && start <= file.Length ? start : throw new InvalidDataException("The directory lies outside the file.");
    }

    private static long Zip64Start(FileStream file, ReadOnlySpan<byte> beforeEnd)
    {
        if (beforeEnd.Length < LocatorLength || !beforeEnd[^LocatorLength..].StartsWith(LocatorMark)) throw new InvalidDataException("No ZIP64 locator.");
        var record = BinaryPrimitives.ReadInt64LittleEndian(beforeEnd[^12..]);
        if (record < 0 || record > file.Length - 56) throw new InvalidDataException("The ZIP64 record lies outside the file.");
        file.Position = record + 48;
        Span<byte> offset = stackalloc byte[8];
        file.ReadExactly(offset);
        return BinaryPrimitives.ReadInt64LittleEndian(offset);
    }

    private static int Short(byte[] header, int at) => BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(at));
}
