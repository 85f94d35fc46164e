using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Inference.Pooling;

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

    /// <summary>
    /// Task instruction, for models trained with one: <c>Instruct: {task}\nQuery:{text}</c>. Null: the bare text.
    /// Where the pooling has a template, it stands where the text would.
    /// </summary>
    public string? Instruction { get; init; }

    /// <summary>Embeds the bare text where the pooling would wrap it in a template.</summary>
    public bool NoPrompt { get; init; }

    /// <summary>Concerns sequences whose end token is pooled; a template and the averaging poolings never append.</summary>
    public AppendEos AppendEos { get; init; } = AppendEos.Auto;

    /// <summary>Passes in all; 1 is the base model.</summary>
    public int Iterations { get; init; } = 1;

    /// <summary>Keep the embedding of every pass, not only the last.</summary>
    public bool AllIterations { get; init; }

    /// <summary>Keep the attention row of every pass that is kept; of a single pass there is none.</summary>
    public bool KeepAttention { get; init; }

    /// <summary>Keep the first so many dimensions, then normalise again (Matryoshka). Null: all.</summary>
    public int? Dimension { get; init; }

    /// <summary>
    /// Texts are cut here, counting what template and end token add; the model's window where null or larger. The memory token
    /// of Refined Thought does not count, so that pass 1 is the same for every k, but the window must hold it: k &gt; 1 cuts at window - 1.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>For VA and AlignedWVA. Null: all.</summary>
    public LayerRange? Layers { get; init; }

    /// <summary>What goes into the memory token of passes 2..k.</summary>
    public MemorySettings Memory { get; init; } = MemorySettings.Default;

    /// <summary>Ends single texts before <see cref="Iterations"/> passes; null runs them all.</summary>
    public StopRule? Stop { get; init; }

    /// <summary>The text stands inside a prompt's words.</summary>
    internal bool UsesTemplate => !NoPrompt && Pooling is (PoolingKind.PromptEol or PoolingKind.MetaEol or PoolingKind.AlignedWva);

    /// <summary>The vector is read at the last token.</summary>
    internal bool PoolsEndToken => Pooling is not (PoolingKind.Mean or PoolingKind.Va);

    /// <summary>Passes can follow the first.</summary>
    internal bool TakesPasses => PoolsEndToken && Pooling != PoolingKind.MetaEol;

    /// <summary>What stands before the text is run once for all texts; nothing but the last token's state may then be asked for.</summary>
    internal bool SharesHeads => Pooling == PoolingKind.MetaEol;

    /// <summary>How often pass 1 reads a text: once for each prompt.</summary>
    public int ModelRuns => Prompt.Of(this).Count;

    /// <summary>The dimension of the vectors that these options give.</summary>
    public int VectorDimension(ModelConfig config) => Dimension ?? Pooling.Width(config);

    /// <summary>Room that a cutter must leave to the prompt around a text, the instruction not counted.</summary>
    public int TemplateTokens(ITokenizer tokenizer)
    {
        const int PromptEol = 48;      // more than it takes in any tokenizer
        const int Borders = 4;         // where prompt and text meet, a tokenizer may cut otherwise than it does in the prompt alone
        if (!UsesTemplate || Pooling != PoolingKind.MetaEol) return UsesTemplate ? PromptEol : 0;
        return Borders + Prompt.Of(this).SelectMany(prompt => prompt.Templates)
            .Max(template => tokenizer.Encode(template.Head).Length + tokenizer.Encode(template.Tail).Length);
    }

    /// <summary>Checks the options against each other and the model.</summary>
    /// <exception cref="ArgumentException">An option cannot be honoured; the message names the remedy.</exception>
    public void Validate(ModelConfig config)
    {
        ValidatePasses();
        ValidateLayers(config);
        Memory.Validate(config);
        var width = Pooling.Width(config);
        if (Dimension is { } dimension && (dimension < 1 || dimension > width))
            throw Invalid($"Dimension {dimension} is out of range: pooling '{Pooling.Name()}' gives 1 to {width} here.");
        if (NoPrompt && Pooling == PoolingKind.MetaEol)
            throw Invalid("Pooling 'meta-eol' is the mean over its prompts, so it cannot go without; use pooling 'last' for the bare text.");
        if (MaxTokens is < 1) throw Invalid($"Max tokens is {MaxTokens}, but must be at least 1.");
        if (AppendEos == AppendEos.Always && (UsesTemplate || !PoolsEndToken))
            throw Invalid($"Pooling '{Pooling.Name()}' appends no end token{(UsesTemplate ? " inside its template" : "")}; use append-eos 'auto'.");
    }

    private void ValidatePasses()
    {
        if (Iterations < 1) throw Invalid($"Iterations is {Iterations}, but must be at least 1 (the base model).");
        if (Stop is { } stop and not NeverStops)
        {
            stop.Validate();
            if (Iterations == 1)
                throw Invalid($"Stop rule '{stop}' has nothing to stop: iterations is 1. Raise iterations to the most passes a text may take, or use stop 'none'.");
        }

        if (Iterations > 1 && !TakesPasses)
            throw Invalid($"Pooling '{Pooling.Name()}' takes no passes, so iterations must be 1, not {Iterations}; " +
                "Refined Thought needs pooling 'last', 'prompt-eol' or 'aligned-wva'.");
    }

    private void ValidateLayers(ModelConfig config)
    {
        if (Layers is not { } layers || layers == LayerRange.All) return;
        if (Pooling is not (PoolingKind.Va or PoolingKind.AlignedWva))
            throw Invalid($"A layer range belongs to poolings 'va' and 'aligned-wva', not '{Pooling.Name()}'; leave it out or say layers 'all'.");
        if (layers.First < 0 || layers.Last < layers.First || layers.Last >= config.Layers)
            throw Invalid($"Layers {layers} are out of range: the model has 0..{config.Layers - 1}.");
    }

    private static ArgumentException Invalid(string message) => new(message);
}
