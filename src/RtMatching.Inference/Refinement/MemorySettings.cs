using System.Text.Json.Serialization;
using RtMatching.Inference.Model;

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

    /// <summary>The file of the learned map; null for the one beside the model.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Map { get; init; }

    /// <summary>SHA-256 of that file, so that vectors are never compared with those of another map. Null takes the map that is there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MapHash { get; init; }

    /// <summary>What the decoder sums; the scale is applied above it.</summary>
    internal MemorySource Source => new(Head, TextOnly, PreNorm);

    /// <summary>
    /// These settings with the hash of the map that they now mean: what is kept under them is never compared with vectors of another map.
    /// The same where they name no map, or pin it already.
    /// </summary>
    /// <exception cref="InvalidMemoryMapException">There is no map, or it is not one for this model and these settings.</exception>
    public MemorySettings Pinned(LanguageModel model) =>
        Scale == MemoryScale.LearnedMap && MapHash is null ? this with { MapHash = model.LearnedMap(this).Hash } : this;

    /// <exception cref="ArgumentException">A setting that the model cannot honour; the message names the remedy.</exception>
    internal void Validate(ModelConfig config)
    {
        if (Head is { } head && (uint)head >= (uint)config.Heads)
            throw new ArgumentException(
                $"Memory head {head} is out of range: the model has query heads 0 to {config.Heads - 1}; leave it out for the mean over all.");
        if (Map is not null && Scale != MemoryScale.LearnedMap)
            throw new ArgumentException("A memory map belongs to memory scale 'learned-map'; ask for that or leave the map out.");
    }
}
