using System.Numerics.Tensors;
using RtMatching.Inference.Model;

namespace RtMatching.Inference.Refinement;

/// <summary>What is done to memory tokens, in place, between the sum that they are and the pass that they go into. (rows, hidden)</summary>
public delegate void MemoryScaling(Span<float> memory);

/// <summary>The scalings that <see cref="MemoryScale"/> names.</summary>
internal static class MemoryScalings
{
    /// <summary>Null where the memory goes in as it is.</summary>
    /// <exception cref="InvalidMemoryMapException">The learned map is wanted and there is none that can be used.</exception>
    public static MemoryScaling? For(LanguageModel model, MemorySettings settings) => settings.Scale switch
    {
        MemoryScale.AsIs => null,
        MemoryScale.EmbeddingNorm => ToLength(model.MeanEmbeddingNorm, model.Config.Hidden),
        MemoryScale.LearnedMap => model.LearnedMap(settings).Apply,
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Scale, "Not a memory scale."),
    };

    /// <summary>Every row at this length. Zero stays zero: the memory of a text without tokens of its own has no direction.</summary>
    internal static MemoryScaling ToLength(float length, int hidden) => memory =>
    {
        for (var start = 0; start < memory.Length; start += hidden)
        {
            var row = memory.Slice(start, hidden);
            var norm = TensorPrimitives.Norm<float>(row);
            if (norm > 0) TensorPrimitives.Multiply(row, length / norm, row);
        }
    };

    /// <summary>The mean length of E(id) over the vocabulary. Reads the whole embedding once: about a second for the largest.</summary>
    internal static float MeanEmbeddingNorm(IDecoder decoder)
    {
        var embedding = new float[decoder.Config.Hidden];
        var sum = 0.0;
        for (var id = 0; id < decoder.Config.Vocabulary; id++)
        {
            decoder.Embedding(id, embedding);
            sum += TensorPrimitives.Norm<float>(embedding);
        }

        return (float)(sum / decoder.Config.Vocabulary);
    }
}
