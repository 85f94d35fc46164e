using System.Text;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

/// <summary>Writes a small GGUF file, honest unless told to lie.</summary>
internal sealed class GgufBytes
{
    private const int Alignment = 32;
    private readonly List<byte[]> _entries = [];
    private readonly List<byte[]> _tensors = [];

    public string Magic { get; init; } = "GGUF";
    public uint Version { get; init; } = 3;
    public ulong? EntryCount { get; init; }
    public ulong? TensorCount { get; init; }

    /// <summary>Bytes behind the header.</summary>
    public int Data { get; init; } = 128;

    public GgufBytes Entry(string key, GgufValueType type, byte[] value) => Entry(Text(key), type, value);

    public GgufBytes Entry(byte[] key, GgufValueType type, byte[] value)
    {
        _entries.Add([.. key, .. BitConverter.GetBytes((uint)type), .. value]);
        return this;
    }

    public GgufBytes String(string key, string value) => Entry(key, GgufValueType.String, Text(value));

    public GgufBytes UInt32(string key, uint value) => Entry(key, GgufValueType.UInt32, BitConverter.GetBytes(value));

    /// <param name="dimensions">Innermost first, as in the file.</param>
    public GgufBytes Tensor(string name, uint type, ulong[] dimensions, ulong offset) => Tensor(Text(name), type, dimensions, offset);

    public GgufBytes Tensor(byte[] name, uint type, ulong[] dimensions, ulong offset)
    {
        _tensors.Add([
            .. name, .. BitConverter.GetBytes((uint)dimensions.Length), .. dimensions.SelectMany(BitConverter.GetBytes),
            .. BitConverter.GetBytes(type), .. BitConverter.GetBytes(offset)]);
        return this;
    }

    public byte[] Build()
    {
        byte[] header = [
            .. Encoding.ASCII.GetBytes(Magic), .. BitConverter.GetBytes(Version),
            .. BitConverter.GetBytes(TensorCount ?? (ulong)_tensors.Count), .. BitConverter.GetBytes(EntryCount ?? (ulong)_entries.Count),
            .. _entries.SelectMany(e => e), .. _tensors.SelectMany(t => t)];
        var padding = (Alignment - header.Length % Alignment) % Alignment;
        return [.. header, .. new byte[padding], .. Enumerable.Range(0, Data).Select(i => (byte)(i * 7))];
    }

    public static byte[] Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public static byte[] Text(byte[] text, ulong? length = null) => [.. BitConverter.GetBytes(length ?? (ulong)text.Length), .. text];

    public static byte[] Array(GgufValueType type, ulong count, params byte[] elements)
        => [.. BitConverter.GetBytes((uint)type), .. BitConverter.GetBytes(count), .. elements];
}
