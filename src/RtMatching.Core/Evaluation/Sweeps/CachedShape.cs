using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>
/// The bytes of a cache file, little-endian: a header, then records of one size, only ever appended. Every record carries its own
/// checksum, so that a torn or damaged one is recognised wherever it stands.
/// </summary>
/// <param name="Settings">What decides the vectors. (32 bytes)</param>
internal sealed record CachedShape(byte[] Settings, int Passes, int Dimension)
{
    public const int HeaderLength = 64;
    public const int KeyLength = 32;

    private const int ChecksumLength = 8;
    private const int TraceFields = 5;
    private const int CutFlag = 1;
    private const int TraceFlag = 2;

    private int TraceOffset => KeyLength + 2 * sizeof(int);
    private int VectorOffset => TraceOffset + Passes * TraceFields * sizeof(float);
    private int ChecksumOffset => VectorOffset + Passes * Dimension * sizeof(float);

    /// <summary>Bytes.</summary>
    public int RecordLength => ChecksumOffset + ChecksumLength;

    public static byte[] Key(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>Magic, settings, passes, dimension, checksum.</summary>
    public byte[] Header()
    {
        var header = new byte[HeaderLength];
        "RTEVAL01"u8.CopyTo(header);
        Settings.CopyTo(header, 8);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(40), Passes);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(44), Dimension);
        SHA256.HashData(header.AsSpan(0, 48)).AsSpan(0, 16).CopyTo(header.AsSpan(48));
        return header;
    }

    public byte[] Record(byte[] key, SweptText text)
    {
        var record = new byte[RecordLength];
        key.CopyTo(record, 0);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(KeyLength), text.Tokens);
        var flags = (text.Truncated ? CutFlag : 0) | (text.Traces.Count > 0 ? TraceFlag : 0);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(KeyLength + sizeof(int)), flags);
        var traces = Floats(record, TraceOffset, text.Traces.Count * TraceFields);
        for (var pass = 0; pass < text.Traces.Count; pass++) Write(text.Traces[pass], traces[(pass * TraceFields)..]);
        for (var pass = 0; pass < Passes; pass++) text.Vectors[pass].CopyTo(Vector(record, pass));
        Checksum(record).CopyTo(record.AsSpan(ChecksumOffset));
        return record;
    }

    /// <param name="passes">Wanted: those of the file, or fewer.</param>
    /// <returns>Null where the record is damaged.</returns>
    public SweptText? Read(byte[] record, int passes)
    {
        if (!record.AsSpan(ChecksumOffset).SequenceEqual(Checksum(record))) return null;
        var tokens = BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(KeyLength));
        var flags = BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(KeyLength + sizeof(int)));
        var traced = passes > 1 && (flags & TraceFlag) != 0 ? passes : 0;   // a single pass keeps no trace
        var traces = Floats(record, TraceOffset, traced * TraceFields).ToArray();
        return new SweptText(tokens, (flags & CutFlag) != 0,
            [.. Enumerable.Range(0, passes).Select(pass => Vector(record, pass).ToArray())],
            [.. Enumerable.Range(0, traced).Select(pass => Trace(traces.AsSpan(pass * TraceFields)))]);
    }

    private static void Write(PassTrace trace, Span<float> fields)
    {
        fields[0] = trace.Cosine;
        fields[1] = trace.RelativeChange;
        fields[2] = trace.SecondChange;
        fields[3] = trace.AttentionEntropy;
        fields[4] = trace.FirstTokenShare;
    }

    private static PassTrace Trace(ReadOnlySpan<float> fields) => new(fields[0], fields[1], fields[2], fields[3], fields[4]);

    private Span<float> Vector(byte[] record, int pass) => Floats(record, VectorOffset + pass * Dimension * sizeof(float), Dimension);

    private static Span<float> Floats(byte[] record, int offset, int count) =>
        MemoryMarshal.Cast<byte, float>(record.AsSpan(offset, count * sizeof(float)));

    private ReadOnlySpan<byte> Checksum(byte[] record) => SHA256.HashData(record.AsSpan(0, ChecksumOffset)).AsSpan(0, ChecksumLength);
}
