using System.Numerics.Tensors;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Profiles;

/// <summary>Embeds documents and passages as one profile says: instructed, split where too long.</summary>
public sealed class DocumentEmbedder
{
    private readonly TextEmbedder _embedder;

    /// <exception cref="ArgumentException">The profile was made with other weights, or leaves no room for text; the message names the
    /// remedy.</exception>
    /// <exception cref="InvalidMemoryMapException">The learned memory map that the profile was made with is not there any more.</exception>
    public DocumentEmbedder(LanguageModel model, TaskProfile profile)
    {
        if (model.WeightsHash != profile.WeightsHash)
            throw new ArgumentException(
                $"Profile {profile.Name} was made with other weights of {profile.ModelName} than those loaded ({model.Name}). " +
                "Load the model that it names, or save a new version of the profile and run `ingest --reembed`.", nameof(model));
        if (profile is { Iterations: > 1, Memory: { Scale: MemoryScale.LearnedMap } memory }) model.LearnedMap(memory);
        (Model, Profile) = (model, profile);
        _embedder = new TextEmbedder(model);
    }

    public TaskProfile Profile { get; }
    public LanguageModel Model { get; }

    /// <summary>
    /// One L2-normalised vector per text (already redacted by the caller where the profile says so), in order. (texts, dimension)
    /// </summary>
    public IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation = default) =>
        Embed(Prepare(texts, kind, cancellation), cancellation);

    /// <inheritdoc cref="Embed(IReadOnlyList{string}, DocumentKind, CancellationToken)"/>
    public Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation = default) =>
        Task.Run(() => Embed(texts, kind, cancellation), cancellation);

    /// <summary>
    /// Cuts what is too long for one forward. Uses the tokenizer alone, so it can run while the model works on other texts.
    /// </summary>
    public PreparedTexts Prepare(IReadOnlyList<string> texts, DocumentKind kind, CancellationToken cancellation = default)
    {
        var splitter = new TextSplitter(Model.Tokenizer, TextTokens(Options(kind)));
        var parts = new List<TextPart>(texts.Count);
        for (var text = 0; text < texts.Count; text++)
        {
            cancellation.ThrowIfCancellationRequested();
            var split = splitter.Split(texts[text]);
            foreach (var part in Profile.LaterParts == 0 ? split.Take(1) : split) parts.Add(part with { Owner = text });
        }

        return new PreparedTexts(kind, texts.Count, parts);
    }

    /// <summary>The vectors of prepared texts. (texts, dimension)</summary>
    public IReadOnlyList<float[]> Embed(PreparedTexts prepared, CancellationToken cancellation = default) =>
        Vectors(prepared, _embedder.Embed(prepared.Texts, Options(prepared.Kind), cancellation));

    /// <summary>The same by an engine of the same model, when it is the caller's turn there. (texts, dimension)</summary>
    /// <inheritdoc cref="Engine.EmbedAsync" path="/exception"/>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(
        PreparedTexts prepared, Engine engine, EnginePriority priority, CancellationToken cancellation = default) =>
        Vectors(prepared, await engine.EmbedAsync(prepared.Texts, Options(prepared.Kind), priority, cancellation));

    /// <summary>
    /// The vector of each text from those of its parts: that of its only part, or the renormalised mean of the parts weighted by their
    /// tokens and, as the profile says, by their place. (texts, dimension)
    /// </summary>
    /// <param name="embeddings">Of <see cref="PreparedTexts.Texts"/>, made with <see cref="Options"/>.</param>
    public IReadOnlyList<float[]> Vectors(PreparedTexts prepared, IReadOnlyList<TextEmbedding> embeddings)
    {
        var parts = prepared.Parts;
        var vectors = new float[prepared.Count][];
        var split = new HashSet<int>();
        var share = 1.0;        // of a token of the part, beside one of its text's first part
        for (var i = 0; i < parts.Count; i++)
        {
            var (owner, vector) = (parts[i].Owner, embeddings[i].Vector);
            if (vectors[owner] is not { } sum)
            {
                (vectors[owner], share) = (vector, 1);
                continue;
            }

            // The first part joins the sum with its own weight when the second one comes; parts of a text stand together.
            if (split.Add(owner)) vectors[owner] = sum = Scaled(sum, embeddings[i - 1].Tokens);
            share *= Profile.LaterParts ?? 1;
            TensorPrimitives.MultiplyAdd(vector, (float)(share * embeddings[i].Tokens), sum, sum);
        }

        foreach (var owner in split) Normalise(vectors[owner]);
        return vectors;
    }

    /// <summary>How the profile embeds documents of the kind.</summary>
    public EmbeddingOptions Options(DocumentKind kind) => new()
    {
        Pooling = Profile.Pooling,
        Instruction = Instruction(kind),
        NoPrompt = Profile.NoPrompt,
        AppendEos = Profile.AppendEos,
        Iterations = Refines(kind) ? Profile.Iterations : 1,
        Stop = Refines(kind) ? Profile.Stop : null,
        Memory = Profile.Memory ?? MemorySettings.Default,
        Layers = Profile.Layers,
        Dimension = Profile.Dimension,
    };

    private bool Refines(DocumentKind kind) => Profile.Refined switch
    {
        RefinedSide.Query => kind == DocumentKind.Job,
        RefinedSide.Document => kind == DocumentKind.Cv,
        _ => true,
    };

    private string? Instruction(DocumentKind kind) => kind == DocumentKind.Job ? Profile.JobInstruction : Profile.CvInstruction;

    /// <summary>How many tokens of a text fit beside the instruction, the pooling's template and the end token.</summary>
    private int TextTokens(EmbeddingOptions options)
    {
        const int LeastUseful = 16;
        var window = Model.Config.Window - 1;                   // Refined Thought needs one position more than the text
        var around = Model.Tokenizer.PrefixIds.Count + Math.Max(1, Model.Tokenizer.SuffixIds.Count);
        if (options.Instruction is { } instruction) around += Model.Tokenizer.Encode($"Instruct: {instruction}\nQuery:").Length;
        around += options.TemplateTokens(Model.Tokenizer);
        var left = Math.Min(Profile.MaxTokens, window) - around;
        return left >= LeastUseful
            ? left
            : throw new ArgumentException(
                $"Profile {Profile.Name} leaves {left} tokens for text: max_tokens {Profile.MaxTokens}, window {window}, {around} taken by " +
                "instruction and template. Raise max_tokens or shorten the instruction.");
    }

    private static float[] Scaled(float[] vector, float factor)
    {
        var scaled = new float[vector.Length];
        TensorPrimitives.Multiply(vector, factor, scaled);
        return scaled;
    }

    private static void Normalise(Span<float> vector)
    {
        var norm = TensorPrimitives.Norm(vector);

        // Parts that cancel out exactly leave nothing to normalise; the zero vector ranks last everywhere, which is right.
        if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
    }
}

/// <summary>Texts cut to what fits one forward, ready for the model.</summary>
/// <param name="Count">Texts.</param>
/// <param name="Parts">Parts of one text stand together, in order; every text has at least one.</param>
public sealed record PreparedTexts(DocumentKind Kind, int Count, IReadOnlyList<TextPart> Parts)
{
    /// <summary>What the model is given.</summary>
    public IReadOnlyList<string> Texts => [.. Parts.Select(part => part.Text)];

    /// <summary>All texts one after another; they must be of one kind.</summary>
    public static PreparedTexts Join(IReadOnlyList<PreparedTexts> all)
    {
        var parts = new List<TextPart>();
        var count = 0;
        foreach (var prepared in all)
        {
            if (prepared.Kind != all[0].Kind) throw new ArgumentException("Texts of different kinds cannot be joined.", nameof(all));
            foreach (var part in prepared.Parts) parts.Add(part with { Owner = part.Owner + count });
            count += prepared.Count;
        }

        return new PreparedTexts(all[0].Kind, count, parts);
    }
}

/// <param name="Owner">Index of the text that the part is of.</param>
public sealed record TextPart(int Owner, string Text);
