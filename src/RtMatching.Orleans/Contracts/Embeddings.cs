using Orleans;
using Orleans.Concurrency;

namespace RtMatching.Orleans.Contracts;

/// <summary>
/// Bounds of a call that carries texts or vectors. Orleans takes bodies up to 100 MB and breaks a connection over a larger one, which hurts
/// everybody who shares it, so a call stays far below.
/// </summary>
public static class CallLimits
{
    public const int Texts = 64;

    /// <summary>Of all texts of a call; a single longer one goes alone.</summary>
    public const int Characters = 1 << 20;

    /// <summary>Numbers that come back: vectors of every pass, and attention rows.</summary>
    public const int Numbers = 1 << 22;
}

/// <summary>Texts to be embedded as a profile version says.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.ProfileTexts")]
public sealed record ProfileTexts
{
    [Id(0)]
    public long ProfileVersionId { get; init; }

    /// <summary>cv or job.</summary>
    [Id(1)]
    public string Kind { get; init; } = "";

    /// <summary>In an array: what logs print of a record is then its type.</summary>
    [Id(2)]
    public string[] Texts { get; init; } = [];

    /// <summary>Nobody waits for it: whoever does goes first.</summary>
    [Id(3)]
    public bool Background { get; init; }
}

[GenerateSerializer, Immutable, Alias("rtmatch.VectorReply")]
public sealed record VectorReply
{
    /// <summary>One for each text, in their order. (texts, dimension)</summary>
    [Id(0)]
    public VectorBlock? Vectors { get; init; }

    [Id(1)]
    public Fault? Fault { get; init; }
}

/// <summary>Texts to be embedded with a model by its name.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.ModelTexts")]
public sealed record ModelTexts
{
    /// <summary>As the catalogue lists it; null is the built-in model.</summary>
    [Id(0)]
    public string? Model { get; init; }

    [Id(1)]
    public string[] Texts { get; init; } = [];

    /// <summary>EmbeddingOptions.</summary>
    [Id(2)]
    public Json? Options { get; init; }
}

[GenerateSerializer, Immutable, Alias("rtmatch.EmbeddingReply")]
public sealed record EmbeddingReply
{
    /// <summary>TextEmbedding[], one for each text, in their order.</summary>
    [Id(0)]
    public Json? Embeddings { get; init; }

    [Id(1)]
    public Fault? Fault { get; init; }
}
