using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace RtMatching.Inference.Weights;

/// <summary>
/// Writes one float32 tensor with its metadata as a safetensors file.
/// Format: https://github.com/huggingface/safetensors#format
/// </summary>
internal static class SafetensorsWriter
{
    /// <summary>The header is filled with blanks to whole words, so that the numbers behind it lie aligned.</summary>
    private const int Alignment = 8;

    /// <param name="data">Row-major. (shape)</param>
    public static void Write(
        Stream output, string name, IReadOnlyList<int> shape, ReadOnlySpan<float> data, IReadOnlyDictionary<string, string> metadata)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Weight files are little-endian, and so must this machine be.");
        if (shape.Aggregate(1L, (product, size) => product * size) != data.Length)
            throw new ArgumentException($"{data.Length} numbers do not fill a tensor of shape ({string.Join(", ", shape)}).", nameof(data));

        var header = Header(name, shape, (long)data.Length * sizeof(float), metadata);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        output.Write(length);
        output.Write(header);
        WriteNumbers(output, data);
    }

    /// <summary>In pieces: a span of bytes ends at 2 GB, a tensor need not.</summary>
    private static void WriteNumbers(Stream output, ReadOnlySpan<float> data)
    {
        const int piece = 1 << 24;
        for (var start = 0; start < data.Length; start += piece)
            output.Write(MemoryMarshal.AsBytes(data.Slice(start, Math.Min(piece, data.Length - start))));
    }

    private static byte[] Header(string name, IReadOnlyList<int> shape, long bytes, IReadOnlyDictionary<string, string> metadata)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            [SafetensorsHeader.MetadataName] = metadata,
            [name] = new Dictionary<string, object> { ["dtype"] = "F32", ["shape"] = shape, ["data_offsets"] = new[] { 0L, bytes } },
        });
        var header = new byte[(json.Length + Alignment - 1) / Alignment * Alignment];
        header.AsSpan().Fill((byte)' ');
        json.CopyTo(header, 0);
        return header;
    }
}
