namespace RtMatching.Inference.Model;

public enum ModelFamily { Qwen3, Qwen2, Llama }

/// <summary>The shape of a decoder: everything in which one family or size differs from another.</summary>
public sealed record ModelConfig
{
    public required ModelFamily Family { get; init; }
    public required int Layers { get; init; }
    public required int Hidden { get; init; }
    public required int FeedForward { get; init; }
    public required int Heads { get; init; }
    public required int KeyValueHeads { get; init; }
    public required int HeadDim { get; init; }
    public required int Vocabulary { get; init; }

    /// <summary>The window: positions 0 .. Window - 1 may be used.</summary>
    public required int Window { get; init; }
    public required float RopeTheta { get; init; }
    public required float NormEpsilon { get; init; }

    /// <summary>The model's end-of-text id by its config or metadata; null when it names none.</summary>
    public int? EosId { get; init; }

    /// <summary>Biases on the query, key and value projections (Qwen2; Llama with attention_bias).</summary>
    public bool AttentionBias { get; init; }

    /// <summary>RMS norm over each head's query and key (Qwen3).</summary>
    public bool QueryKeyNorm { get; init; }

    public int QueryWidth => Heads * HeadDim;
    public int KeyValueWidth => KeyValueHeads * HeadDim;
}
