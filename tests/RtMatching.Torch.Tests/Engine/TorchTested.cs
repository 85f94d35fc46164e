using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Model;
using TorchSharp;

namespace RtMatching.Torch.Tests.Engine;

/// <summary>Torch on the CPU.</summary>
internal static class TorchOnCpu
{
    /// <summary>Threads that share sums as small as these, beside other tests that do the same, mostly wait for each other.</summary>
    static TorchOnCpu() => torch.set_num_threads(1);

    public static IDecoder Build(ModelConfig config, IWeights weights, TorchPrecision precision) =>
        new TorchDecoder(config, weights, TorchDevice.Cpu, precision);
}

/// <summary>Torch on the CPU in float32: as close to exact arithmetic as the managed decoder.</summary>
public abstract class TorchFloat32 : ITestedDecoder
{
    public static IDecoder Build(ModelConfig config, IWeights weights) => TorchOnCpu.Build(config, weights, TorchPrecision.Float32);
}

/// <summary>Torch on the CPU in bfloat16, whose numbers have 8 bits.</summary>
public abstract class TorchBFloat16 : ITestedDecoder
{
    /// <summary>A cosine of 0.999: an error at right angles of sqrt(2 (1 - 0.999)) of the length.</summary>
    public static double Tolerance { get; } = Math.Sqrt(0.002);

    public static IWeights Stored(IWeights weights) => new RoundedWeights(weights);

    public static IDecoder Build(ModelConfig config, IWeights weights) => TorchOnCpu.Build(config, weights, TorchPrecision.BFloat16);
}

/// <summary>Weights whose numbers are bfloat16's.</summary>
internal sealed class RoundedWeights(IWeights weights) : IWeights
{
    public string Hash => weights.Hash;

    public IReadOnlyDictionary<string, TensorInfo> Tensors => weights.Tensors;

    public void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination)
    {
        weights.ReadRows(tensor, firstRow, rowCount, destination);
        foreach (ref var number in destination) number = Round(number);
    }

    public void Dispose() => weights.Dispose();

    /// <summary>To the upper half of a float32's bits, ties to even.</summary>
    private static float Round(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000);
    }
}
