using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RtMatching.Inference.Weights;

/// <summary>
/// Turns the stored bytes of a row into float32, exactly: the result is the number that the format defines.
/// Block formats: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h
/// </summary>
internal static class RowDecoder
{
    /// <summary>Weights that share a scale in the quantised formats.</summary>
    private const int QuantBlock = 32;

    /// <summary>An f16 scale and 32 signed bytes.</summary>
    private const int Q8Bytes = 2 + QuantBlock;

    /// <summary>An f16 scale, an f16 minimum and 32 nibbles.</summary>
    private const int Q4Bytes = 2 + 2 + QuantBlock / 2;

    /// <summary>Weights per block: a row is a whole number of blocks.</summary>
    public static int BlockLength(TensorType type) => type is TensorType.Q8_0 or TensorType.Q4_1 ? QuantBlock : 1;

    public static int BlockBytes(TensorType type) => type switch
    {
        TensorType.F32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.Q8_0 => Q8Bytes,
        TensorType.Q4_1 => Q4Bytes,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such tensor type."),
    };

    /// <param name="stored">The row's blocks, whole.</param>
    /// <param name="row">As many numbers as <paramref name="stored"/> holds.</param>
    public static void Decode(TensorType type, ReadOnlySpan<byte> stored, Span<float> row)
    {
        switch (type)
        {
            case TensorType.F32: stored.CopyTo(MemoryMarshal.AsBytes(row)); break;
            case TensorType.F16: TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(stored), row); break;
            case TensorType.BF16: DecodeBFloat16(MemoryMarshal.Cast<byte, ushort>(stored), row); break;
            case TensorType.Q8_0: DecodeQ8(stored, row); break;
            case TensorType.Q4_1: DecodeQ4(stored, row); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "No such tensor type.");
        }
    }

    /// <summary>A bfloat16 is the upper half of a float32.</summary>
    private static void DecodeBFloat16(ReadOnlySpan<ushort> stored, Span<float> row)
    {
        var bits = MemoryMarshal.Cast<float, uint>(row);
        var i = 0;
        for (; i <= stored.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(stored.Slice(i, Vector256<ushort>.Count)));
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector256<uint>.Count)..]);
        }
        for (; i < stored.Length; i++) bits[i] = (uint)stored[i] << 16;
    }

    /// <summary>w = q d.</summary>
    private static void DecodeQ8(ReadOnlySpan<byte> stored, Span<float> row)
    {
        for (; row.Length > 0; stored = stored[Q8Bytes..], row = row[QuantBlock..])
        {
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(stored);
            var quants = Vector256.Create(MemoryMarshal.Cast<byte, sbyte>(stored[2..Q8Bytes]));
            var (low, high) = Vector256.Widen(quants);
            StoreScaled(low, scale, 0, row);
            StoreScaled(high, scale, 0, row[16..]);
        }
    }

    /// <summary>w = q d + m; the low nibbles are the block's first 16 weights. q d is exact in float32, so only the sum rounds.</summary>
    private static void DecodeQ4(ReadOnlySpan<byte> stored, Span<float> row)
    {
        var nibble = Vector128.Create((byte)0x0F);
        for (; row.Length > 0; stored = stored[Q4Bytes..], row = row[QuantBlock..])
        {
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(stored);
            var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(stored[2..]);
            var packed = Vector128.Create(stored[4..Q4Bytes]);
            StoreScaled(WidenToInt16(packed & nibble), scale, minimum, row);
            StoreScaled(WidenToInt16(packed >>> 4), scale, minimum, row[16..]);
        }
    }

    private static Vector256<short> WidenToInt16(Vector128<byte> quants)
    {
        var (low, high) = Vector128.Widen(quants);
        return Vector256.Create(low, high).AsInt16();
    }

    private static void StoreScaled(Vector256<short> quants, float scale, float minimum, Span<float> row)
    {
        var (low, high) = Vector256.Widen(quants);
        Scaled(low, scale, minimum).CopyTo(row);
        Scaled(high, scale, minimum).CopyTo(row[8..]);
    }

    private static Vector256<float> Scaled(Vector256<int> quants, float scale, float minimum)
        => Vector256.ConvertToSingle(quants) * scale + Vector256.Create(minimum);
}
