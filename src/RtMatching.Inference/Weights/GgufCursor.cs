using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace RtMatching.Inference.Weights;

/// <summary>Reads a GGUF header front to back; every step is checked against what is left.</summary>
internal ref struct GgufCursor
{
    /// <summary>
    /// The largest vocabularies with their merges take about 20 MB. Because all that is allocated while reading is
    /// proportional to the bytes read, this bounds memory too.
    /// </summary>
    private const long MaxHeaderBytes = 64L << 20;

    /// <summary>Chat templates, the longest strings there are, have some ten thousand characters.</summary>
    private const int MaxStringBytes = 4 << 20;

    /// <summary>The largest vocabularies have about 260,000 tokens and as many merges.</summary>
    private const int MaxArrayLength = 4_000_000;

    /// <summary>Nested arrays: bounds recursion, so that a crafted file cannot overflow the stack. No known file nests at all.</summary>
    private const int MaxArrayDepth = 4;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly MappedFile.Lease _bytes;
    private readonly long _fileLength;

    public GgufCursor(MappedFile file, MappedFile.Lease bytes)
    {
        _path = file.Path;
        _bytes = bytes;
        _fileLength = file.Length;
    }

    public long Position { get; private set; }

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A count that must not exceed <paramref name="max"/>, and whose elements must fit into what is left.</summary>
    public int ReadCount(string what, int max, int elementBytes)
    {
        var count = ReadUInt64(what);
        if (count > (ulong)max) throw Invalid($"{what}: a count of {count}, more than the {max} allowed");
        if ((long)count * elementBytes > _fileLength - Position)
            throw Invalid($"{what}: a count of {count}, more than the rest of the file can hold: the file is truncated or its header lies");
        return (int)count;
    }

    public string ReadString(string what)
    {
        var length = ReadUInt64(what);
        if (length > MaxStringBytes) throw Invalid($"{what} claims {length} bytes, more than the {MaxStringBytes} allowed");
        var bytes = Take((int)length, what);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Invalid($"{what} is not UTF-8", e);
        }
    }

    /// <returns>string, bool, long (every integer but ulong), ulong, double; or an array of the stored element type.</returns>
    public object ReadValue(string key) => ReadValue(key, (GgufValueType)ReadUInt32(key), depth: 0);

    private object ReadValue(string key, GgufValueType type, int depth) => type switch
    {
        GgufValueType.String => ReadString(key),
        GgufValueType.Bool => ReadBool(key),
        GgufValueType.UInt64 => ReadUInt64(key),
        GgufValueType.Float32 or GgufValueType.Float64 => ReadDouble(key, type),
        GgufValueType.Array => ReadArray(key, depth),
        _ => ReadInt64(key, type),
    };

    private object ReadArray(string key, int depth)
    {
        if (depth >= MaxArrayDepth) throw Invalid($"{key}: arrays within arrays, deeper than {MaxArrayDepth}");
        var type = (GgufValueType)ReadUInt32(key);
        var count = ReadCount(key, MaxArrayLength, MinBytes(key, type));
        return type switch
        {
            GgufValueType.UInt8 => ReadNumbers<byte>(key, count),
            GgufValueType.Int8 => ReadNumbers<sbyte>(key, count),
            GgufValueType.UInt16 => ReadNumbers<ushort>(key, count),
            GgufValueType.Int16 => ReadNumbers<short>(key, count),
            GgufValueType.UInt32 => ReadNumbers<uint>(key, count),
            GgufValueType.Int32 => ReadNumbers<int>(key, count),
            GgufValueType.UInt64 => ReadNumbers<ulong>(key, count),
            GgufValueType.Int64 => ReadNumbers<long>(key, count),
            GgufValueType.Float32 => ReadNumbers<float>(key, count),
            GgufValueType.Float64 => ReadNumbers<double>(key, count),
            GgufValueType.Bool => ReadEach(count, (ref c) => c.ReadBool(key)),
            GgufValueType.String => ReadEach(count, (ref c) => c.ReadString(key)),
            _ => ReadEach(count, (ref c) => c.ReadArray(key, depth + 1)),
        };
    }

    private T[] ReadNumbers<T>(string key, int count) where T : unmanaged
        => MemoryMarshal.Cast<byte, T>(Take(count * Unsafe.SizeOf<T>(), key)).ToArray();

    private delegate T ElementReader<out T>(ref GgufCursor cursor);

    private T[] ReadEach<T>(int count, ElementReader<T> read)
    {
        var elements = new T[count];
        for (var i = 0; i < count; i++) elements[i] = read(ref this);
        return elements;
    }

    private bool ReadBool(string key)
    {
        var value = Take(1, key)[0];
        return value <= 1 ? value == 1 : throw Invalid($"{key} is the bool {value}, neither 0 nor 1");
    }

    private long ReadInt64(string key, GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => Take(1, key)[0],
        GgufValueType.Int8 => (sbyte)Take(1, key)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, key)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2, key)),
        GgufValueType.UInt32 => ReadUInt32(key),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Take(4, key)),
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Take(8, key)),
        _ => throw UnknownType(key, type),
    };

    private double ReadDouble(string key, GgufValueType type) => type == GgufValueType.Float32
        ? BinaryPrimitives.ReadSingleLittleEndian(Take(4, key))
        : BinaryPrimitives.ReadDoubleLittleEndian(Take(8, key));

    private readonly int MinBytes(string key, GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        GgufValueType.String => 8, // its length
        GgufValueType.Array => 12, // its type and length
        _ => throw UnknownType(key, type),
    };

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > _fileLength - Position)
            throw Invalid($"the file of {_fileLength} bytes ends within {what}: it is truncated or its header lies");
        if (Position + count > MaxHeaderBytes) throw Invalid($"its header is longer than {MaxHeaderBytes} bytes at {what}");
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private readonly InvalidWeightsException UnknownType(string key, GgufValueType type)
        => Invalid($"{key} has the unknown metadata type {(uint)type}");

    private readonly InvalidWeightsException Invalid(string problem, Exception? inner = null)
        => new($"{_path}: {problem}. Copy or download it again.", inner);
}

/// <summary>The numbers that GGUF gives its metadata types.</summary>
internal enum GgufValueType : uint { UInt8, Int8, UInt16, Int16, UInt32, Int32, Float32, Bool, String, Array, UInt64, Int64, Float64 }
