using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Orleans;
using Orleans.Concurrency;

namespace RtMatching.Orleans.Contracts;

/// <summary>Vectors of one dimension, one after another, as little-endian 32-bit floats. (vectors, dimension)</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.VectorBlock")]
public sealed record VectorBlock
{
    [Id(0)]
    public int Dimension { get; init; }

    [Id(1)]
    public byte[] Values { get; init; } = [];

    /// <exception cref="ArgumentException">They are not of one dimension.</exception>
    public static VectorBlock Of(IReadOnlyList<float[]> vectors)
    {
        var dimension = vectors.Count == 0 ? 0 : vectors[0].Length;
        var values = new byte[vectors.Count * dimension * sizeof(float)];
        for (var i = 0; i < vectors.Count; i++)
        {
            if (vectors[i].Length != dimension) throw new ArgumentException("Vectors of a block have one dimension.", nameof(vectors));
            Write(vectors[i], values.AsSpan(i * dimension * sizeof(float)));
        }

        return new VectorBlock { Dimension = dimension, Values = values };
    }

    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public IReadOnlyList<float[]> Read(int count)
    {
        var bytes = Dimension * sizeof(float);
        if (Dimension < 0 || Values.Length != (long)count * bytes)
            throw new InvalidDataException($"{Values.Length} bytes are not {count} vectors of dimension {Dimension}.");
        return [.. Enumerable.Range(0, count).Select(i => Read(Values.AsSpan(i * bytes, bytes)))];
    }

    private static void Write(ReadOnlySpan<float> vector, Span<byte> bytes)
    {
        if (BitConverter.IsLittleEndian) MemoryMarshal.AsBytes(vector).CopyTo(bytes);
        else for (var i = 0; i < vector.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes[(i * sizeof(float))..], vector[i]);
    }

    private static float[] Read(ReadOnlySpan<byte> bytes)
    {
        var vector = new float[bytes.Length / sizeof(float)];
        for (var i = 0; i < vector.Length; i++) vector[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        return vector;
    }

    public override string ToString() => $"{Values.Length} bytes of vectors";
}
