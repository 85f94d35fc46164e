using System.Runtime.InteropServices;
using RtMatching.Inference.Model;

namespace RtMatching.Torch.Tests;

public class TorchErrorsTests
{
    private static readonly TorchDevice Gpu = new(1);

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.10 GiB of which 8.00 MiB is free.")]
    [InlineData("[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes. Error code 12")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    [InlineData("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call")]
    public void A_full_device_is_told_from_other_failures(string message)
    {
        var error = new ExternalException(message);
        Assert.Same(error, Assert.IsType<DeviceMemoryException>(TorchErrors.Translate(error, Gpu)).InnerException);
        Assert.False(TorchErrors.IsFatal(error));
    }

    [Theory]
    [InlineData("CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported")]
    [InlineData("CUDA error: an illegal memory access was encountered")]
    [InlineData("CUDA error: uncorrectable ECC error encountered")]
    public void A_device_that_no_further_call_can_use_is_lost(string message)
    {
        var lost = Assert.IsType<DeviceLostException>(TorchErrors.Translate(new ExternalException(message), Gpu));
        Assert.StartsWith($"cuda:1 has failed for this process: {message.Split('\n')[0]}.", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_failures_stay_what_they_are()
    {
        Assert.Null(TorchErrors.Translate(new ExternalException("CUDA error: invalid argument"), Gpu));
        Assert.Null(TorchErrors.Translate(new ExternalException("The size of tensor a (3) must match the size of tensor b (4)"), Gpu));
        Assert.Null(TorchErrors.Translate(new ArgumentException("CUDA out of memory"), Gpu));
    }
}
