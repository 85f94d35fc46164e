namespace RtMatching.Torch;

/// <summary>Bytes of a GPU. What libtorch keeps for its next batches counts as used: it gives nothing back to the device.</summary>
internal readonly record struct DeviceMemory(long Free, long Total)
{
    /// <exception cref="TorchUnavailableException">libtorch runs on no CUDA here.</exception>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The device does not answer.</exception>
    public static DeviceMemory Of(TorchDevice gpu)
    {
        var cuda = CudaRuntime.Find() ?? throw TorchTrouble.NoDriver(CudaRuntime.DriverName);
        var (free, total) = cuda.Memory(gpu.Index ?? throw new ArgumentException("The CPU's memory is not a device's.", nameof(gpu)));
        return new DeviceMemory(free, total);
    }
}
