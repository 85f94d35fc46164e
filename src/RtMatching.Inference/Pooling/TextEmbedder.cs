using RtMatching.Inference.Model;

namespace RtMatching.Inference.Pooling;

/// <summary>Texts to vectors: tokenises, batches, runs the passes, pools. The door that everything outside this project uses.</summary>
/// <remarks>Safe to call from many threads; the model's work is serialised.</remarks>
public sealed class TextEmbedder(LanguageModel model)
{
    public LanguageModel Model { get; } = model;

    /// <summary>The embeddings of <paramref name="texts"/>, in their order.</summary>
    /// <exception cref="ArgumentException">Options that the pooling or the model cannot honour; the message names the remedy.</exception>
    public IReadOnlyList<TextEmbedding> Embed(IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
