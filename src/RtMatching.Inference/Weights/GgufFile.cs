namespace RtMatching.Inference.Weights;

/// <summary>A tensor as a GGUF header tells it, type perhaps unsupported.</summary>
/// <param name="Name">The file's own name, for example <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Dimensions">Innermost first, as in the file; not yet trusted.</param>
/// <param name="Offset">From the start of the file; not yet trusted.</param>
public sealed record GgufTensor(string Name, uint TypeId, IReadOnlyList<long> Dimensions, long Offset)
{
    /// <summary>For example <c>Q4_K</c>; a number where the type is unknown.</summary>
    public string TypeName => GgufTypes.Name(TypeId);
}

/// <summary>
/// A GGUF file: metadata and where its tensors lie. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
/// </summary>
public sealed class GgufFile : IDisposable
{
    /// <summary>"GGUF" in little-endian.</summary>
    private const uint Magic = 0x46554747;

    /// <summary>A model has some thirty, one with many adapters some hundred.</summary>
    private const int MaxEntries = 65_536;

    /// <summary>A model of a thousand layers has a tenth of it.</summary>
    private const int MaxTensors = 100_000;

    /// <summary>The format's own limit today.</summary>
    private const int MaxDimensions = 4;
    private const string AlignmentKey = "general.alignment";
    private const int DefaultAlignment = 32;

    /// <summary>A page: more would only waste space.</summary>
    private const int MaxAlignment = 65_536;

    /// <summary>Key length, value type and a byte of value.</summary>
    private const int MinEntryBytes = 8 + 4 + 1;

    /// <summary>Name length, dimension count, one dimension, type, offset.</summary>
    private const int MinTensorBytes = 8 + 4 + 8 + 4 + 8;

    private GgufFile(MappedFile mapped, IReadOnlyDictionary<string, object> metadata, IReadOnlyList<GgufTensor> tensors)
    {
        Mapped = mapped;
        Metadata = metadata;
        Tensors = tensors;
    }

    public string Path => Mapped.Path;

    /// <summary>Bytes in the file.</summary>
    public long Bytes => Mapped.Length;

    /// <summary>
    /// string, bool, long (every integer but the unsigned 64-bit one), ulong, double; or an array of the stored element type:
    /// string[], int[], float[], ...
    /// </summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>In the file's order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    internal MappedFile Mapped { get; }

    /// <summary>Reads the header; the tensors' bytes stay on disk.</summary>
    /// <exception cref="InvalidWeightsException">Not a GGUF file, or its header is truncated or lies.</exception>
    public static GgufFile Open(string path)
    {
        var mapped = MappedFile.Open(path);
        try
        {
            using var bytes = mapped.Acquire();
            var cursor = new GgufCursor(mapped, bytes);
            return ReadHeader(mapped, ref cursor);
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    public void Dispose() => Mapped.Dispose();

    private static GgufFile ReadHeader(MappedFile file, ref GgufCursor cursor)
    {
        if (cursor.ReadUInt32("magic") != Magic)
            throw new InvalidWeightsException($"{file.Path}: it does not start with 'GGUF': not a GGUF file.");
        CheckVersion(file, cursor.ReadUInt32("version"));
        var tensorCount = cursor.ReadCount("tensor count", MaxTensors, MinTensorBytes);
        var entryCount = cursor.ReadCount("metadata count", MaxEntries, MinEntryBytes);
        if (tensorCount == 0) throw Invalid(file, "it holds no tensor");
        var metadata = ReadMetadata(file, ref cursor, entryCount);
        var tensors = ReadTensors(file, ref cursor, tensorCount);
        var alignment = Alignment(file, metadata);
        var dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        return new GgufFile(file, metadata, [.. tensors.Select(t => Located(file, t, dataStart, alignment))]);
    }

    private static void CheckVersion(MappedFile file, uint version)
    {
        if (version is 2 or 3) return;
        var what = (version & 0xFFFF) == 0 ? "is big-endian" : $"has GGUF version {version}";
        throw new InvalidWeightsException(
            $"{file.Path}: it {what}; versions 2 and 3, little-endian, are supported. Convert the model again.");
    }

    private static Dictionary<string, object> ReadMetadata(MappedFile file, ref GgufCursor cursor, int count)
    {
        var metadata = new Dictionary<string, object>();
        for (var i = 0; i < count; i++)
        {
            var key = cursor.ReadString("a metadata key");
            if (!metadata.TryAdd(key, cursor.ReadValue($"metadata {HeaderText.Quote(key)}")))
                throw Invalid(file, $"metadata {HeaderText.Quote(key)} stands twice");
        }
        return metadata;
    }

    private static List<GgufTensor> ReadTensors(MappedFile file, ref GgufCursor cursor, int count)
    {
        var tensors = new List<GgufTensor>(count);
        var names = new HashSet<string>();
        for (var i = 0; i < count; i++)
        {
            var tensor = ReadTensor(file, ref cursor);
            if (!names.Add(tensor.Name)) throw Invalid(file, $"tensor {HeaderText.Quote(tensor.Name)} stands twice");
            tensors.Add(tensor);
        }
        return tensors;
    }

    private static GgufTensor ReadTensor(MappedFile file, ref GgufCursor cursor)
    {
        var name = cursor.ReadString("a tensor's name");
        var what = $"tensor {HeaderText.Quote(name)}";
        var rank = cursor.ReadUInt32(what);
        if (rank is 0 or > MaxDimensions) throw Invalid(file, $"{what} has {rank} dimensions, not 1 to {MaxDimensions}");
        var dimensions = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            var size = cursor.ReadUInt64(what);
            if (size is 0 or > int.MaxValue)
                throw Invalid(file, $"{what}: dimension {i} of its shape is {size}, not between 1 and {int.MaxValue}");
            dimensions[i] = (long)size;
        }
        var type = cursor.ReadUInt32(what);
        var offset = cursor.ReadUInt64(what);
        if (offset >= (ulong)file.Length)
            throw Invalid(file,
                $"{what}: its offset {offset} leaves the file of {file.Length} bytes: the file is truncated or its header lies");
        return new GgufTensor(name, type, dimensions, (long)offset);
    }

    private static int Alignment(MappedFile file, Dictionary<string, object> metadata)
    {
        if (!metadata.TryGetValue(AlignmentKey, out var value)) return DefaultAlignment;
        if (value is long alignment and >= 8 and <= MaxAlignment && long.IsPow2(alignment)) return (int)alignment;
        throw Invalid(file, $"metadata '{AlignmentKey}' is {value}, not a power of two from 8 to {MaxAlignment}");
    }

    private static GgufTensor Located(MappedFile file, GgufTensor tensor, long dataStart, int alignment)
        => tensor.Offset % alignment == 0
            ? tensor with { Offset = dataStart + tensor.Offset }
            : throw Invalid(file,
                $"tensor {HeaderText.Quote(tensor.Name)}: its offset {tensor.Offset} is not a multiple of the alignment {alignment}");

    private static InvalidWeightsException Invalid(MappedFile file, string problem)
        => new($"{file.Path}: {problem}. Copy or download it again.");
}
