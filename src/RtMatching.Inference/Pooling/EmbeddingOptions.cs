namespace RtMatching.Inference.Pooling;

/// <summary>How a decoder's states become one vector.</summary>
public enum PoolingKind { Last, Mean, PromptEol, Va, AlignedWva }

/// <summary>Whether the model's eos id is appended to the text.</summary>
public enum AppendEos
{
    /// <summary>Only where the tokenizer's own post-processor appended nothing.</summary>
    Auto,
    Always,
    Never,
}

/// <summary>Everything besides model and text that decides a vector.</summary>
public sealed record EmbeddingOptions
{
    public PoolingKind Pooling { get; init; } = PoolingKind.Last;

    /// <summary>Task instruction, for models trained with one: <c>Instruct: {task}\nQuery:{text}</c>. Null: the bare text.</summary>
    public string? Instruction { get; init; }

    /// <summary>Embeds the bare text where the pooling would wrap it in a template.</summary>
    public bool NoPrompt { get; init; }
    public AppendEos AppendEos { get; init; } = AppendEos.Auto;

    /// <summary>Passes in all; 1 is the base model.</summary>
    public int Iterations { get; init; } = 1;

    /// <summary>Keep the embedding of every pass, not only the last.</summary>
    public bool AllIterations { get; init; }

    /// <summary>Keep the first so many dimensions, then normalise again (Matryoshka). Null: all.</summary>
    public int? Dimension { get; init; }

    /// <summary>Texts are cut here, counting what template and end token add; the model's window where null.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>First and last layer (inclusive) for VA and AlignedWVA. Null: all.</summary>
    public (int First, int Last)? Layers { get; init; }
}
