namespace RtMatching.Torch.Tests;

public class TorchDevicesTests
{
    private static readonly string[] TwoGpus = ["NVIDIA H100", "NVIDIA A10"];

    [Fact]
    public void The_cpu_gpus_by_number_and_every_gpu_can_be_asked_for()
    {
        Assert.Equal([TorchDevice.Cpu], TorchDevices.Parse("cpu").Named!);
        Assert.Equal([new TorchDevice(1), new TorchDevice(0)], TorchDevices.Parse("cuda:1,cuda:0").Named!);
        Assert.Equal([new TorchDevice(0), new TorchDevice(1)], TorchDevices.Parse("cuda").On(TwoGpus));
        Assert.Equal("cuda:1,cuda:0", TorchDevices.Parse("cuda:1,cuda:0").ToString());
        Assert.Equal("cuda", TorchDevices.EveryGpu.ToString());
    }

    [Theory]
    [InlineData("", "names no device")]
    [InlineData("gpu", "'gpu' names no device")]
    [InlineData("cuda:-1", "'cuda:-1' names no device")]
    [InlineData("cuda:0,", "'' names no device")]
    [InlineData("cuda,cuda:0", "'cuda' names no device")]
    [InlineData("cuda:99999999999", "names no device")]
    [InlineData("cuda:1,cuda:0,cuda:1", "cuda:1 is named twice")]
    [InlineData("cuda:0,cuda:00", "cuda:0 is named twice")]
    [InlineData("cpu,cuda:0", "different vectors")]
    public void Anything_else_is_refused_by_name_and_says_what_to_write(string text, string said)
    {
        var error = Assert.Throws<FormatException>(() => TorchDevices.Parse(text)).Message;
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.Contains("write cpu", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_that_the_machine_lacks_is_told_with_those_it_has()
    {
        var error = Assert.Throws<TorchUnavailableException>(() => TorchDevices.Parse("cuda:0,cuda:3").On(TwoGpus)).Message;
        Assert.StartsWith("cuda:3 is not there: this machine has cuda:0 (NVIDIA H100), cuda:1 (NVIDIA A10).", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Precisions_have_names_and_float16_is_refused_with_its_reason()
    {
        Assert.All(Enum.GetValues<TorchPrecision>(), precision => Assert.Equal(precision, TorchPrecisions.Parse(precision.Name())));
        Assert.Contains("overflow", Assert.Throws<FormatException>(() => TorchPrecisions.Parse("f16")).Message, StringComparison.Ordinal);
        Assert.Contains("bf16 or f32", Assert.Throws<FormatException>(() => TorchPrecisions.Parse("int8")).Message, StringComparison.Ordinal);
    }
}
