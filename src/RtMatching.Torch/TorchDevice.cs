using System.Globalization;
using RtMatching.Inference.Model;
using TorchSharp;

namespace RtMatching.Torch;

/// <summary>Where a decoder runs: the CPU, or a GPU by its number.</summary>
/// <param name="Index">Of the GPU; null is the CPU.</param>
public sealed record TorchDevice(int? Index)
{
    public static readonly TorchDevice Cpu = new((int?)null);

    public bool IsCuda => Index is not null;

    internal torch.Device Device => Index is { } index ? new torch.Device(DeviceType.CUDA, index) : torch.CPU;

    /// <summary>cpu, or cuda:N. Null for anything else.</summary>
    public static TorchDevice? Parse(string text) => text switch
    {
        "cpu" => Cpu,
        _ when text.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index) => new TorchDevice(index),
        _ => null,
    };

    /// <summary>As it is now. What libtorch keeps for its next batches counts as used: it gives nothing back to the device.</summary>
    /// <exception cref="TorchUnavailableException">libtorch runs on no CUDA here.</exception>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The device does not answer.</exception>
    /// <exception cref="InvalidOperationException">It is the CPU, whose memory is everybody's.</exception>
    internal DeviceMemory Memory()
    {
        var index = Index ?? throw new InvalidOperationException("The CPU has no memory of its own.");
        var cuda = CudaRuntime.Find() ?? throw TorchTrouble.NoDriver(CudaRuntime.DriverName);
        return cuda.Memory(index);
    }

    public override string ToString() => Index is { } index ? $"cuda:{index}" : "cpu";
}
