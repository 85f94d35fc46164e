using RtMatching.Inference.Tokenizer;
using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>Makes a decoder of a model's weights, which it closes when it is disposed; where it throws they stay the caller's.</summary>
public delegate IDecoder DecoderFactory(ModelConfig config, IWeights weights);

/// <summary>What a model is made of. By default what needs no native library: our tokenizer, and one decoder that uses every core.</summary>
public sealed record ModelParts
{
    /// <summary>One a device, at least one. Each gets the weights mapped for itself; mapped pages are shared, so that costs no memory.</summary>
    public IReadOnlyList<DecoderFactory> Decoders { get; init; } = [(config, weights) => new Decoder(config, weights)];

    /// <summary>Makes the one tokenizer that all of them share. It refuses a definition that it would follow only in part.</summary>
    internal TokenizerFactory Tokenizer { get; init; } = definition => new BpeTokenizer(definition);
}
