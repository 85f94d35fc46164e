using System.Runtime.InteropServices;
using System.Text;
using RtMatching.Inference.Model;

namespace RtMatching.Torch;

/// <summary>
/// The few calls of the CUDA runtime that TorchSharp has none for, in the very library that libtorch runs on: device numbers and memory are the
/// same there. <see href="https://docs.nvidia.com/cuda/cuda-runtime-api/">CUDA Runtime API</see>.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    public const int Success = 0;

    private const int LongestName = 256;

    private readonly nint _runtime;
    private readonly nint _driver;

    private CudaRuntime(nint runtime, nint driver) => (_runtime, _driver) = (runtime, driver);

    /// <summary>The NVIDIA driver's own library, which comes with the driver and nothing else.</summary>
    public static string DriverName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Null where libtorch has loaded none, or there is no driver.</summary>
    public static CudaRuntime? Find()
    {
        var name = OperatingSystem.IsWindows() ? "cudart" : "libcudart";    // libcudart.so.12, or libcudart-HASH.so.12 where it is bundled
        if (NativeFiles.Loaded(name) is not { } path || !NativeLibrary.TryLoad(path, out var runtime)) return null;
        return NativeLibrary.TryLoad(DriverName, out var driver) ? new CudaRuntime(runtime, driver) : null;
    }

    /// <returns>The error, or <see cref="Success"/>.</returns>
    public int Count(out int devices)
    {
        int count = 0;
        var error = ((delegate* unmanaged<int*, int>)Export("cudaGetDeviceCount"))(&count);
        devices = count;
        return error;
    }

    /// <summary>For example "no CUDA-capable device is detected".</summary>
    public string Explain(int error) =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<int, nint>)Export("cudaGetErrorString"))(error)) ?? $"error {error}";

    /// <summary>The newest CUDA that the driver knows and the one that libtorch was built for: 1000 x major + 10 x minor, 0 where it is not known.</summary>
    public (int Driver, int Runtime) Versions()
    {
        int driver = 0, runtime = 0;
        ((delegate* unmanaged<int*, int>)Export("cudaDriverGetVersion"))(&driver);
        ((delegate* unmanaged<int*, int>)Export("cudaRuntimeGetVersion"))(&runtime);
        return (driver, runtime);
    }

    /// <summary>For example NVIDIA H100.</summary>
    public string Name(int device)
    {
        var name = stackalloc byte[LongestName];
        var get = (delegate* unmanaged<byte*, int, int, int>)NativeLibrary.GetExport(_driver, "cuDeviceGetName");
        return get(name, LongestName, device) == Success ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)) : "GPU";
    }

    /// <summary>Bytes of a device, every process's use counted.</summary>
    /// <exception cref="ExternalException">The device does not answer.</exception>
    public DeviceMemory Memory(int device)
    {
        Check(((delegate* unmanaged<int, int>)Export("cudaSetDevice"))(device));      // of this thread
        nuint free = 0, total = 0;
        Check(((delegate* unmanaged<nuint*, nuint*, int>)Export("cudaMemGetInfo"))(&free, &total));
        return new DeviceMemory((long)free, (long)total);
    }

    /// <summary>In libtorch's own words, so that they are recognised alike.</summary>
    private void Check(int error)
    {
        if (error != Success) throw new ExternalException($"CUDA error: {Explain(error)}");
    }

    private nint Export(string name) => NativeLibrary.GetExport(_runtime, name);
}
