using TorchSharp;

namespace RtMatching.Torch;

/// <summary>What weights and activations are kept and multiplied in. Sums and softmax are float32 in both.</summary>
public enum TorchPrecision
{
    Float32,

    /// <summary>Half the memory and, on GPUs and CPUs that have units for it, several times the speed; vectors within cosine 0.999 of float32's.</summary>
    BFloat16,
}

internal static class TorchPrecisions
{
    public static torch.ScalarType ScalarType(this TorchPrecision precision) =>
        precision == TorchPrecision.BFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
}
