using RtMatching.Inference.Model;

namespace RtMatching.Inference.Weights;

/// <summary>How a tensor's numbers lie in the file.</summary>
public enum TensorType { F32, F16, BF16, Q8_0, Q4_1 }

/// <summary>A tensor of a weight file, under the name that Hugging Face gives it.</summary>
/// <param name="Name">For example <c>model.layers.0.self_attn.q_proj.weight</c>, whatever the file calls it.</param>
/// <param name="Shape">Row-major, outermost dimension first: (out, in) for a matrix.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<int> Shape);

/// <summary>The tensors of a model, memory-mapped: a safetensors folder or a GGUF file.</summary>
/// <remarks>
/// Many threads may read at once. The files must not shrink while they are open: the operating system ends a process
/// that touches a mapped page whose file is gone.
/// </remarks>
public interface IWeights : IDisposable
{
    /// <summary>SHA-256 of the weight files' bytes, lower-case hexadecimal. Computed when first asked for.</summary>
    string Hash { get; }

    IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>
    /// Reads rows of a matrix (or the whole of a vector, seen as one row) as exact float32, dequantised and
    /// in Hugging Face's row order.
    /// </summary>
    /// <param name="destination">(<paramref name="rowCount"/>, row length)</param>
    /// <exception cref="ArgumentException">Not a tensor of these weights, or the destination has another size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Rows that the tensor does not have.</exception>
    /// <exception cref="InvalidWeightsException">The file does not hold the rows that its header promises.</exception>
    void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination);

    /// <summary>
    /// The same rows as they lie in the mapped file, where they lie there as <see cref="TensorInfo.Type"/> says, whole and in their order: for
    /// whoever converts them elsewhere. False, and <paramref name="use"/> not called, where only <see cref="ReadRows"/> can give them.
    /// </summary>
    /// <param name="use">Gets the bytes, which are valid until it returns.</param>
    /// <inheritdoc cref="ReadRows" path="/exception"/>
    bool TryReadStored(TensorInfo tensor, int firstRow, int rowCount, StoredRows use) => false;
}

/// <summary>Rows of a tensor, little-endian as the file has them.</summary>
public delegate void StoredRows(ReadOnlySpan<byte> rows);

/// <summary>A weight file is truncated, lying or of a kind not supported; the message names file, tensor and remedy.</summary>
public sealed class InvalidWeightsException(string message, Exception? inner = null) : InvalidModelException(message, inner);
