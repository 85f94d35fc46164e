using RtMatching.Inference.Tokenizer;

namespace RtMatching.Inference.Model;

/// <summary>A model ready to run: its tokenizer, its decoder, and what names them.</summary>
public sealed class LanguageModel(string name, string weightsHash, ITokenizer tokenizer, IDecoder decoder) : IDisposable
{
    /// <summary>The folder's or file's name, for example <c>rt-mini</c>.</summary>
    public string Name { get; } = name;

    /// <summary>SHA-256 of the weight files, lower-case hexadecimal.</summary>
    public string WeightsHash { get; } = weightsHash;
    public ITokenizer Tokenizer { get; } = tokenizer;
    public IDecoder Decoder { get; } = decoder;
    public ModelConfig Config => Decoder.Config;

    /// <summary>Loads a Hugging Face folder or a GGUF file; null loads the built-in model.</summary>
    public static LanguageModel Load(string? path) => throw new NotImplementedException();

    public void Dispose() => Decoder.Dispose();
}
