using RtMatching.Inference.Model;

namespace RtMatching.Torch;

/// <summary>How models are run on libtorch.</summary>
/// <param name="Devices">A model is loaded on each of them; an engine runs them side by side.</param>
/// <param name="Precision">Null is bf16 on GPUs and f32 on the CPU.</param>
/// <param name="Tokenizer">Of the two that give the same ids.</param>
public sealed record TorchSettings(TorchDevices Devices, TorchPrecision? Precision = null, TokenizerKind Tokenizer = TokenizerKind.RtMatching);

/// <summary>Whose tokenizer it is.</summary>
public enum TokenizerKind
{
    /// <summary>Ours: the faster.</summary>
    RtMatching,

    /// <summary><see cref="MlTokenizer"/>.</summary>
    MicrosoftMl,
}

/// <summary>Loads models for libtorch.</summary>
public static class TorchModels
{
    /// <summary>As <see cref="LanguageModel.Load(string?)"/>, its weights on the settings' devices.</summary>
    /// <exception cref="InvalidModelException">A file is broken, or the model does not fit a device; the message says what helps.</exception>
    /// <exception cref="TorchUnavailableException">libtorch, the driver or a device is not there.</exception>
    public static LanguageModel Load(string? path, TorchSettings settings)
    {
        var devices = TorchLibrary.Require(settings.Devices);
        var precision = settings.Precision ?? TorchPrecisions.Default(settings.Devices.AreCuda);
        var parts = new ModelParts { Decoders = [.. devices.Select(device => Decoder(device, precision))] };
        return LanguageModel.Load(path, settings.Tokenizer == TokenizerKind.MicrosoftMl ? parts with { Tokenizer = MlTokenizer.Create } : parts);
    }

    private static DecoderFactory Decoder(TorchDevice device, TorchPrecision precision) => (config, weights) =>
    {
        try
        {
            return new TorchDecoder(config, weights, device, precision);
        }
        catch (DeviceMemoryException full)
        {
            var half = precision == TorchPrecision.Float32 ? $"{TorchPrecision.BFloat16.Name()}, " : "";
            throw new InvalidModelException(
                $"The model in {precision.Name()} does not fit {device} beside what is there already: take {half}a GPU with more memory, or a smaller model.", full);
        }
    };
}
