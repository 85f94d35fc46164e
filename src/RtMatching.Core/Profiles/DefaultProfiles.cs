using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Core.Profiles;

/// <summary>The profile that a model gets where nobody has tuned one for it.</summary>
public static class DefaultProfiles
{
    /// <summary>Stored vectors are <c>halfvec</c> with an HNSW index, which takes at most so many dimensions.</summary>
    public const int MaxDimension = 4000;

    /// <summary>The job side's instruction of models trained with one; Qwen3-Embedding asks for English, and for bare documents.</summary>
    public const string JobInstruction = "Given a job description, retrieve resumes of candidates who meet its requirements";

    // A CV of two pages is about 1,000 tokens, so this is one forward for nearly every CV.
    private const int MaxTokens = 4096;

    // Untrained models read long texts badly, and AlignedWVA looks at the last token alone: shorter parts, averaged, serve better.
    private const int PlainMaxTokens = 1024;

    /// <summary>
    /// A profile for <paramref name="model"/>: what its own <see cref="ModelProfile"/> says of the task, and where it says nothing, this.
    /// Qwen3-Embedding-8B: k = 8, the optimum published for it. Other embedding models, as their own files tell: the pooling that they were
    /// trained with, k = 1, and an instruction for jobs where their query prompt is one. Plain language models: AlignedWVA, which leads among
    /// the training-free poolings, k = 1.
    /// </summary>
    /// <param name="model">Looked at by its shape and files, never by its name, which a user may change.</param>
    /// <param name="modelPath">Where it was loaded from; null for the built-in model.</param>
    /// <param name="name">Of the profile.</param>
    /// <exception cref="InvalidModelException">A file that tells the model's purpose is broken.</exception>
    public static TaskProfile Create(LanguageModel model, string? modelPath = null, string name = TaskProfile.DefaultName)
    {
        var usual = Usual(model, modelPath, name);
        var own = ModelProfile.Read(model.Path, name);
        return usual with
        {
            Iterations = new EmbeddingOptions { Pooling = usual.Pooling }.TakesPasses ? own.Iterations ?? usual.Iterations : 1,
            MaxTokens = Fit(own.MaxTokens ?? usual.MaxTokens, model),
            LaterParts = own.LaterParts,
            Dimension = Math.Min(own.Dimension ?? usual.Dimension, usual.Dimension),
        };
    }

    private static TaskProfile Usual(LanguageModel model, string? modelPath, string name)
    {
        var purpose = model.Purpose;
        var profile = new TaskProfile
        {
            Name = name,
            ModelPath = modelPath,
            ModelName = model.Name,
            WeightsHash = model.WeightsHash,
            Dimension = Dimension(model.Config.Hidden),
            MaxTokens = Fit(MaxTokens, model),
            Purpose = purpose.Task,
            Pooling = purpose.Pooling ?? PoolingKind.Last,
        };

        if (purpose.Task == ModelTask.LanguageModel)
            return profile with { Pooling = PoolingKind.AlignedWva, MaxTokens = Fit(PlainMaxTokens, model) };

        // Its files' word goes first; early conversions to GGUF lost the prompts.
        var isQwen3Embedding = IsQwen3Embedding(model.Config) && profile.Pooling == PoolingKind.Last;
        return profile with
        {
            Iterations = isQwen3Embedding && Is8B(model.Config) ? 8 : 1,
            JobInstruction = purpose.TakesInstruction || (isQwen3Embedding && purpose.QueryPrompt is null) ? JobInstruction : null,
        };
    }

    /// <summary>
    /// All of the hidden size where that can be indexed, otherwise the largest power of two that can (4,096 gives 2,048):
    /// Matryoshka training is done at such sizes.
    /// </summary>
    public static int Dimension(int hidden)
    {
        if (hidden <= MaxDimension) return hidden;
        var dimension = 1;
        while (dimension * 2 <= MaxDimension) dimension *= 2;
        return dimension;
    }

    /// <summary>Refined Thought needs one position more than the text.</summary>
    private static int Fit(int tokens, LanguageModel model) => Math.Min(tokens, model.Config.Window - 1);

    /// <summary>Qwen3's vocabulary with an end token appended: the embedding models 0.6B, 4B and 8B.</summary>
    private static bool IsQwen3Embedding(ModelConfig config) => config is { Family: ModelFamily.Qwen3, Vocabulary: > 150_000 };

    private static bool Is8B(ModelConfig config) => config is { Layers: 36, Hidden: 4096 };
}
