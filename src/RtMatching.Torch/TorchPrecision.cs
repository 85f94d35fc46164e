using TorchSharp;

namespace RtMatching.Torch;

/// <summary>What weights and activations are kept and multiplied in. Sums and softmax are float32 in both.</summary>
public enum TorchPrecision
{
    Float32,

    /// <summary>Half the memory and, on GPUs and CPUs that have units for it, several times the speed; vectors within cosine 0.999 of float32's.</summary>
    BFloat16,
}

public static class TorchPrecisions
{
    private const string Float32 = "f32";
    private const string BFloat16 = "bf16";

    /// <summary>What a device computes in where nothing is said: a GPU in what it is fastest in, the CPU in what the managed engine does.</summary>
    public static TorchPrecision Default(bool cuda) => cuda ? TorchPrecision.BFloat16 : TorchPrecision.Float32;

    /// <exception cref="FormatException">The message says what to write.</exception>
    public static TorchPrecision Parse(string text) => text switch
    {
        Float32 => TorchPrecision.Float32,
        BFloat16 => TorchPrecision.BFloat16,
        "f16" or "fp16" or "float16" => throw new FormatException($"states of large models overflow in {text}; write {BFloat16} or {Float32}"),
        _ => throw new FormatException($"write {BFloat16} or {Float32}"),
    };

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public static string Name(this TorchPrecision precision) => precision == TorchPrecision.BFloat16 ? BFloat16 : Float32;

    internal static torch.ScalarType ScalarType(this TorchPrecision precision) =>
        precision == TorchPrecision.BFloat16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
}
