using RtMatching.Inference.Kernels;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>The managed decoder as programs have it: on the machine's widest registers.</summary>
public abstract class ManagedDecoder : ITestedDecoder
{
    public static IDecoder Build(ModelConfig config, IWeights weights) => new Decoder(config, weights, maxDegreeOfParallelism: 2);

    internal static IDecoder Build(ModelConfig config, IWeights weights, SimdPath path) => new Decoder(config, weights, SimdKernels.For(path), 2);
}

public abstract class Vector128Decoder : ITestedDecoder
{
    public static IDecoder Build(ModelConfig config, IWeights weights) => ManagedDecoder.Build(config, weights, SimdPath.Vector128);
}

public abstract class Vector256Decoder : ITestedDecoder
{
    public static IDecoder Build(ModelConfig config, IWeights weights) => ManagedDecoder.Build(config, weights, SimdPath.Vector256);
}

public abstract class Vector512Decoder : ITestedDecoder
{
    public static IDecoder Build(ModelConfig config, IWeights weights) => ManagedDecoder.Build(config, weights, SimdPath.Vector512);
}
