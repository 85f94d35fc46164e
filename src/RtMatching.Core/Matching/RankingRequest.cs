using RtMatching.Core.Profiles;

namespace RtMatching.Core.Matching;

/// <summary>What to rank for, among what, and how much of it. Exactly one of text, document and vector says what for.</summary>
public sealed record RankingRequest
{
    public const int MaxTop = 10_000;

    public string Tenant { get; init; } = "default";

    /// <summary>A job's text where candidates are ranked, a CV's where jobs are.</summary>
    public string? Text { get; init; }

    /// <summary>A stored job or CV. One of the kind that is ranked finds others like it, itself left out.</summary>
    public long? DocumentId { get; init; }

    /// <summary>The vector of <see cref="Text"/> where the caller has it already, so that it need not be embedded. (dimension)</summary>
    public float[]? Vector { get; init; }

    public RankingMode Mode { get; init; }
    public RankingFilter Filter { get; init; } = RankingFilter.None;
    public int Top { get; init; } = 10;

    /// <summary>Places to leave out before the first one shown.</summary>
    public int Offset { get; init; }

    /// <summary>Compare with every vector instead of asking the index.</summary>
    public bool Exact { get; init; }

    /// <summary>Say for each place shown which requirement is covered by which passage.</summary>
    public bool Explain { get; init; }

    /// <exception cref="ArgumentException">The request contradicts itself; the message names the remedy.</exception>
    internal void Check(int dimension)
    {
        CheckSubject();
        if (Text is not null && string.IsNullOrWhiteSpace(Text))
            throw new ArgumentException("The text to rank for is empty.");
        if (Top is < 1 or > MaxTop)
            throw new ArgumentException($"top is {Top}; it must be from 1 to {MaxTop}. For more, ask for further pages with an offset.");
        if (Offset < 0) throw new ArgumentException($"offset is {Offset}; it must not be negative.");
        if (Vector is { } vector && vector.Length != dimension)
            throw new ArgumentException($"The query's vector has {vector.Length} dimensions, the profile's vectors have {dimension}.");
        Filter.Check();
    }

    /// <inheritdoc cref="Check"/>
    internal void CheckSubject()
    {
        if (Text is null == DocumentId is null)
            throw new ArgumentException("A ranking is for a text or for a stored document: give exactly one of the two.");
    }
}

/// <summary>Which documents may take a place. Every condition given must hold.</summary>
public sealed record RankingFilter
{
    public static RankingFilter None { get; } = new();

    /// <summary>All of them.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>A part of the location, whatever its case.</summary>
    public string? Location { get; init; }

    /// <summary>As stored: en, zh, ...</summary>
    public string? Language { get; init; }

    /// <summary>Dated on this day or later; a document without a date does not pass.</summary>
    public DateOnly? Since { get; init; }

    /// <summary>Dated on this day or earlier; a document without a date does not pass.</summary>
    public DateOnly? Until { get; init; }

    public bool IsEmpty => Tags.Count == 0 && Location is null && Language is null && Since is null && Until is null;

    internal void Check()
    {
        if (Since > Until) throw new ArgumentException($"since {Since:yyyy-MM-dd} is later than until {Until:yyyy-MM-dd}: nothing can pass.");
    }
}

/// <summary>
/// One L2-normalised vector per text, already redacted: <see cref="DocumentEmbedder.EmbedAsync"/>. Asynchronous, because in a server many
/// rankings wait for one model.
/// </summary>
public delegate Task<IReadOnlyList<float[]>> EmbedTexts(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation);
