using System.Runtime.InteropServices;
using RtMatching.Inference.Model;

namespace RtMatching.Torch;

/// <summary>A GPU has failed in a way that no further call of this process gets past; only a new process has it again.</summary>
public sealed class DeviceLostException(string message, Exception inner) : Exception(message, inner);

/// <summary>What libtorch's errors, which are texts, mean to whoever runs a batch.</summary>
public static class TorchErrors
{
    // c10's CUDA and CPU allocators, the CUDA runtime, and the libraries that allocate their own workspaces.
    private static readonly string[] Full =
    [
        "CUDA out of memory", "DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory", "CUDA error: out of memory",
        "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED", "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    ];

    // Those of which CUDA's documentation says that the process must be terminated and relaunched (cudaErrorIllegalAddress, LaunchTimeout, Assert,
    // HardwareStackError, IllegalInstruction, MisalignedAddress, InvalidAddressSpace, InvalidPc, LaunchFailure, Contained, ExternalDevice), and
    // broken memory or hardware, by their texts.
    private static readonly string[] Ends =
    [
        "an illegal memory access was encountered", "the launch timed out and was terminated", "device-side assert triggered", "hardware stack error",
        "an illegal instruction was encountered", "misaligned address", "operation not supported on global/shared address space",
        "invalid program counter", "unspecified launch failure", "Invalid access of peer GPU memory over nvlink or a hardware error",
        "external device", "uncorrectable ECC error encountered", "uncorrectable NVLink error detected during the execution",
    ];

    /// <summary>A GPU was lost to this process. Raised once, on the thread that ran the batch.</summary>
    public static event Action<DeviceLostException>? DeviceLost;

    private static int _lost;

    /// <summary>The exception to throw in place of libtorch's; null where it is neither of the two that callers can do something about.</summary>
    internal static Exception? Translate(Exception exception, TorchDevice device)
    {
        if (IsOutOfMemory(exception)) return new DeviceMemoryException($"The batch does not fit the memory of {device}.", exception);
        if (!IsFatal(exception)) return null;
        var lost = new DeviceLostException(
            $"{device} has failed for this process: {FirstLine(exception)}. Only a new process can use it again", exception);
        if (Interlocked.Exchange(ref _lost, 1) == 0) DeviceLost?.Invoke(lost);
        return lost;
    }

    /// <summary>Smaller batches may fit.</summary>
    internal static bool IsOutOfMemory(Exception exception) => exception is OutOfMemoryException || Says(exception, Full);

    /// <summary>Every further call fails alike.</summary>
    internal static bool IsFatal(Exception exception) =>
        Says(exception, Ends) && exception.Message.Contains("CUDA error", StringComparison.Ordinal);

    private static bool Says(Exception exception, string[] words) =>
        exception is ExternalException && words.Any(word => exception.Message.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].TrimEnd();
}
