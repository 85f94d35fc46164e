namespace RtMatching.Inference.Weights;

/// <summary>Where a tensor lies in its file. Made only when every byte of it does.</summary>
internal sealed class MappedTensor
{
    /// <summary>Longest row, in numbers: a float32 row then stays addressable by an int.</summary>
    private const int MaxRowLength = int.MaxValue / sizeof(float);

    private readonly MappedFile _file;
    private readonly int _rowLength;
    private readonly int _rowBytes;
    private readonly int _rows;

    private MappedTensor(MappedFile file, TensorInfo info, long offset, int rows, int rowLength)
    {
        _file = file;
        Info = info;
        Offset = offset;
        _rows = rows;
        _rowLength = rowLength;
        _rowBytes = rowLength / RowDecoder.BlockLength(info.Type) * RowDecoder.BlockBytes(info.Type);
    }

    public TensorInfo Info { get; }

    /// <summary>Of the first byte, from the start of the file.</summary>
    public long Offset { get; }
    public long Bytes => (long)_rows * _rowBytes;

    /// <summary>
    /// Heads whose rows are stored with the two halves of each rotary pair interleaved; 0 where rows lie as Hugging Face has them.
    /// </summary>
    public int InterleavedHeads { get; init; }

    /// <param name="dimensions">Outermost first; not yet trusted.</param>
    /// <exception cref="InvalidWeightsException">The shape is impossible or the bytes leave the file.</exception>
    public static MappedTensor Create(MappedFile file, string name, TensorType type, ReadOnlySpan<long> dimensions, long offset,
        int interleavedHeads = 0)
    {
        var shape = CheckedShape(file, name, dimensions);
        var rows = shape.Length < 2 ? 1 : shape[0];
        var rowLength = RowLength(file, name, shape);
        if (rowLength % RowDecoder.BlockLength(type) != 0)
            throw Invalid(file, name, $"rows of {rowLength} numbers are not whole {type} blocks of {RowDecoder.BlockLength(type)}");
        var info = new TensorInfo(name, type, Array.AsReadOnly(shape));
        var tensor = new MappedTensor(file, info, offset, rows, rowLength) { InterleavedHeads = interleavedHeads };
        if (offset < 0 || tensor.Bytes > file.Length || offset > file.Length - tensor.Bytes)
            throw Invalid(file, name,
                $"its {tensor.Bytes} bytes at {offset} leave the file of {file.Length} bytes: the file is truncated or its header lies. "
                + "Copy or download it again");
        if (interleavedHeads != 0 && FirstDimension(shape) % (2L * interleavedHeads) != 0)
            throw Invalid(file, name, $"{FirstDimension(shape)} rows are not {interleavedHeads} heads of an even width");
        return tensor;
    }

    private static int FirstDimension(int[] shape) => shape.Length == 0 ? 1 : shape[0];

    private static int[] CheckedShape(MappedFile file, string name, ReadOnlySpan<long> dimensions)
    {
        var shape = new int[dimensions.Length];
        for (var i = 0; i < shape.Length; i++)
        {
            if (dimensions[i] is <= 0 or > int.MaxValue)
                throw Invalid(file, name, $"dimension {i} of its shape is {dimensions[i]}, not between 1 and {int.MaxValue}");
            shape[i] = (int)dimensions[i];
        }
        return shape;
    }

    private static int RowLength(MappedFile file, string name, int[] shape)
    {
        var length = 1L;
        foreach (var size in shape.AsSpan(shape.Length < 2 ? 0 : 1))
        {
            length *= size; // at most 2^29 times 2^31: no overflow
            if (length > MaxRowLength) throw Invalid(file, name, $"its rows are longer than {MaxRowLength} numbers");
        }
        return (int)length;
    }

    public void ReadRows(int firstRow, int rowCount, Span<float> destination)
    {
        CheckRows(firstRow, rowCount);
        if (destination.Length != (long)rowCount * _rowLength)
            throw new ArgumentException(
                $"{rowCount} rows of {_rowLength} numbers do not fill a destination of {destination.Length}.", nameof(destination));
        using var bytes = _file.Acquire();
        for (var row = 0; row < rowCount; row++)
        {
            var stored = StoredRow(firstRow + row);
            RowDecoder.Decode(Info.Type, bytes.Slice(Offset + (long)stored * _rowBytes, _rowBytes),
                destination.Slice(row * _rowLength, _rowLength));
        }
        if (InterleavedHeads != 0 && Info.Shape.Count == 1 && rowCount == 1) Deinterleave(destination);
    }

    /// <summary>False where a reader could not take the bytes for rows of plain numbers.</summary>
    public bool TryReadStored(int firstRow, int rowCount, StoredRows use)
    {
        CheckRows(firstRow, rowCount);
        if (InterleavedHeads != 0 || RowDecoder.BlockLength(Info.Type) != 1) return false;
        using var bytes = _file.Acquire();
        use(bytes.Slice(Offset + (long)firstRow * _rowBytes, checked(rowCount * _rowBytes)));
        return true;
    }

    private void CheckRows(int firstRow, int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, _rows - (long)rowCount);
    }

    private int StoredRow(int row)
        => InterleavedHeads == 0 || Info.Shape.Count == 1 ? row : InterleavedIndex(row, _rows / InterleavedHeads);

    /// <summary>A bias is one row, so its elements move instead of rows.</summary>
    private void Deinterleave(Span<float> vector)
    {
        var stored = vector.ToArray();
        for (var i = 0; i < vector.Length; i++) vector[i] = stored[InterleavedIndex(i, vector.Length / InterleavedHeads)];
    }

    /// <summary>
    /// Hugging Face rotates element i of a head with element i + headDim/2; GGUF's Llama files keep the two side by side, at 2i and 2i + 1.
    /// </summary>
    private static int InterleavedIndex(int index, int headDim)
    {
        var (head, inHead) = Math.DivRem(index, headDim);
        var (half, pair) = Math.DivRem(inHead, headDim / 2);
        return head * headDim + 2 * pair + half;
    }

    private static InvalidWeightsException Invalid(MappedFile file, string name, string problem)
        => new($"{file.Path}: tensor {HeaderText.Quote(name)}: {problem}.");
}
