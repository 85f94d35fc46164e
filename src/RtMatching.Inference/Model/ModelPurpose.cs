using RtMatching.Inference.Pooling;

namespace RtMatching.Inference.Model;

public enum ModelTask
{
    /// <summary>Trained so that a pooling of its states is the meaning of a text.</summary>
    Embedding,

    /// <summary>Trained to continue text: poolings with a prompt, or over layers, serve it best.</summary>
    LanguageModel,
}

/// <summary>What a model was made for, as its own files tell.</summary>
/// <param name="DecidedBy">The file and what it says.</param>
public sealed record ModelPurpose(ModelTask Task, string DecidedBy)
{
    private const string InstructionStart = "Instruct: ", InstructionEnd = "\nQuery:";

    /// <summary>The pooling it was trained with; null where its files name none, or none of ours.</summary>
    public PoolingKind? Pooling { get; init; }

    /// <summary>What its files put before a query; null where they say nothing.</summary>
    public string? QueryPrompt { get; init; }

    /// <summary>What its files ask for and is not done here; null where there is nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The query prompt is an instruction's, <c>Instruct: {task}\nQuery:</c>, in which another task can stand.</summary>
    public bool TakesInstruction => IsInstruction(QueryPrompt);

    /// <summary>Reads a Hugging Face folder or a GGUF file; its tokenizer only where nothing else tells.</summary>
    /// <exception cref="InvalidModelException">A file that would tell is broken; the message names it and the remedy.</exception>
    public static ModelPurpose Read(string path) => ModelPurposeReader.Read(ModelFiles.Find(path));

    /// <summary>Where there is nothing but a tokenizer: an end token after every text is what embedding models are pooled at.</summary>
    internal static ModelPurpose Of(bool appendsEndToken, string source) => appendsEndToken
        ? new ModelPurpose(ModelTask.Embedding, $"{source} appends an end token") { Pooling = PoolingKind.Last }
        : new ModelPurpose(ModelTask.LanguageModel, $"no pooling is named, and {source} appends no end token");

    internal static bool IsInstruction(string? prompt) =>
        prompt is not null && prompt.StartsWith(InstructionStart, StringComparison.Ordinal)
        && prompt.TrimEnd(' ').EndsWith(InstructionEnd, StringComparison.Ordinal);
}
