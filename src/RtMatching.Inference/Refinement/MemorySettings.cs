namespace RtMatching.Inference.Refinement;

/// <summary>How long the memory token is before it goes in.</summary>
public enum MemoryScale
{
    /// <summary>As the sum comes out.</summary>
    AsIs,

    /// <summary>Scaled to the mean length of the model's input embeddings.</summary>
    EmbeddingNorm,

    /// <summary>Through a linear map from states to input embeddings, fitted for the model and stored beside it.</summary>
    LearnedMap,
}

/// <summary>The open points of Refined Thought's memory; the first of each is the paper's reading.</summary>
public sealed record MemorySettings
{
    public static readonly MemorySettings Default = new();

    /// <summary>One query head's attention instead of the mean over all.</summary>
    public int? Head { get; init; }

    /// <summary>The sum runs over the text's positions only, without the old memory token and the end token.</summary>
    public bool TextOnly { get; init; }

    /// <summary>States before the model's final norm.</summary>
    public bool PreNorm { get; init; }
    public MemoryScale Scale { get; init; } = MemoryScale.AsIs;
}
