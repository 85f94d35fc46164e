using System.Runtime.InteropServices;
using RtMatching.Inference.Weights;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>Carries tensors from mapped files to a device in pieces that its driver copies at full speed, converted where they arrive.</summary>
internal sealed class StagingBuffer(TorchDevice device) : IDisposable
{
    private const int Bytes = 32 << 20;

    private readonly Dictionary<torch.ScalarType, Tensor> _buffers = [];

    /// <param name="target">As large as the tensor, on any device, of any precision; contiguous.</param>
    public void Copy(IWeights weights, TensorInfo tensor, Tensor target)
    {
        var (rows, width) = tensor.Shape.Count == 1 ? (1, tensor.Shape[0]) : (tensor.Shape[0], tensor.Shape[1]);
        using var matrix = target.view(rows, width);
        var chunk = Math.Max(1, Bytes / sizeof(float) / width);
        for (var first = 0; first < rows; first += chunk) CopyRows(weights, tensor, first, Math.Min(chunk, rows - first), width, matrix);
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers.Values) buffer.Dispose();
    }

    private void CopyRows(IWeights weights, TensorInfo tensor, int first, int count, int width, Tensor matrix)
    {
        using var rows = matrix.narrow(0, first, count);
        if (weights.TryReadStored(tensor, first, count, stored => Put(Stored(tensor.Type), stored, count, width, rows))) return;
        var numbers = new float[count * width];
        weights.ReadRows(tensor, first, count, numbers);
        Put(torch.ScalarType.Float32, MemoryMarshal.AsBytes(numbers.AsSpan()), count, width, rows);
    }

    private void Put(torch.ScalarType type, ReadOnlySpan<byte> numbers, int count, int width, Tensor rows)
    {
        using var staged = Buffer(type, (long)count * width).narrow(0, 0, (long)count * width);
        numbers.CopyTo(staged.bytes);
        using var shaped = staged.view(count, width);
        using var arrived = shaped.to(rows.device);
        rows.copy_(arrived);
    }

    private Tensor Buffer(torch.ScalarType type, long length)
    {
        if (_buffers.TryGetValue(type, out var buffer) && buffer.numel() >= length) return buffer;
        buffer?.Dispose();
        buffer = torch.empty(Math.Max(length, Bytes / sizeof(float)), type, torch.CPU);
        if (device.IsCuda) buffer = Pinned(buffer);
        return _buffers[type] = buffer.DetachFromDisposeScope();
    }

    /// <summary>Memory that the device reads by itself; other memory would go through a buffer of the driver's.</summary>
    private static Tensor Pinned(Tensor buffer)
    {
        using (buffer) return buffer.pin_memory();
    }

    private static torch.ScalarType Stored(TensorType type) => type switch
    {
        TensorType.F32 => torch.ScalarType.Float32,
        TensorType.F16 => torch.ScalarType.Float16,
        TensorType.BF16 => torch.ScalarType.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Rows of this type are not plain numbers."),
    };
}
