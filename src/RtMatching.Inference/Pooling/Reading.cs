using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Pooling;

/// <summary>One of a call's options, checked: what it reads of a forward, and how that becomes its vectors.</summary>
internal sealed class Reading
{
    private readonly int _width;

    /// <exception cref="ArgumentException">Options that the pooling or the model cannot honour.</exception>
    /// <exception cref="InvalidMemoryMapException">The learned memory map is asked for, and there is none that can be used.</exception>
    public Reading(int index, EmbeddingOptions options, LanguageModel model)
    {
        options.Validate(model.Config);
        (Index, Options, _width) = (index, options, options.Pooling.Width(model.Config));
        var layers = options.Layers is { } range && range != LayerRange.All ? range : new LayerRange(0, model.Config.Layers - 1);
        var readOut = options.Pooling.ReadOut(layers);
        Passes = new PassReading(options.Iterations, _width, readOut, options.Stop) { KeepsAttention = options.KeepAttention };
        Scaling = Memory is null ? null : MemoryScalings.For(model, Memory);
    }

    /// <summary>Among the call's options.</summary>
    public int Index { get; }
    public EmbeddingOptions Options { get; }
    public PassReading Passes { get; }

    /// <summary>Readings that differ in this cannot share a pass after the first.</summary>
    public MemorySettings? Memory => Options.Iterations > 1 ? Options.Memory : null;

    /// <summary>What the memory's scale comes to on this model.</summary>
    public MemoryScaling? Scaling { get; }

    /// <summary>The passes that its embeddings are made of.</summary>
    /// <param name="tokens">Of the text.</param>
    /// <exception cref="InvalidOperationException">One is zero or not finite. Found here, the device that gave it is known.</exception>
    public IReadOnlyList<RefinedPass> Kept(IReadOnlyList<RefinedPass> passes, int tokens)
    {
        IReadOnlyList<RefinedPass> kept = Options.AllIterations ? passes : [passes[^1]];
        foreach (var pass in kept) Norm(pass.State, tokens);
        return kept;
    }

    /// <param name="parts">The text's sequences with what was read of each: one, but for poolings that average over several prompts.</param>
    public TextEmbedding Embedding(IReadOnlyList<(TextSequence Sequence, IReadOnlyList<RefinedPass> Passes)> parts)
    {
        var tokens = parts.Sum(part => part.Sequence.Run);
        return new TextEmbedding(tokens, parts.Any(part => part.Sequence.Truncated),
            [.. Mean(parts).Select(pass => new PassEmbedding(pass.K, Normalise(pass.State, tokens), pass.Trace, pass.Attention))]);
    }

    private IReadOnlyList<RefinedPass> Mean(IReadOnlyList<(TextSequence Sequence, IReadOnlyList<RefinedPass> Passes)> parts)
    {
        if (parts.Count == 1) return parts[0].Passes;
        var mean = new float[_width];
        foreach (var part in parts) TensorPrimitives.Add(mean, part.Passes[0].State, mean);
        TensorPrimitives.Divide(mean, parts.Count, mean);
        return [new RefinedPass(1, mean, null)];
    }

    /// <summary>Cuts to the dimension asked for, then to length 1.</summary>
    private float[] Normalise(float[] state, int tokens)
    {
        var vector = state[..(Options.Dimension ?? _width)];
        TensorPrimitives.Divide(vector, Norm(vector, tokens), vector);
        return vector;
    }

    private static float Norm(float[] vector, int tokens)
    {
        var norm = TensorPrimitives.Norm<float>(vector);
        return norm != 0 && float.IsFinite(norm) ? norm : throw new InvalidOperationException(
            $"The model's vector for a text of {tokens} tokens has norm {norm}; its weights are damaged or not of the family that its configuration names.");
    }
}
