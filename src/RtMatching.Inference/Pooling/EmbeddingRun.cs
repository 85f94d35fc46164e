using System.Numerics.Tensors;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Pooling;

/// <summary>One model with one set of options, both checked: what is done to every text of a call.</summary>
internal sealed class EmbeddingRun
{
    private readonly IDecoder _decoder;
    private readonly EmbeddingOptions _options;
    private readonly SequenceBuilder _sequences;
    private readonly RefinedThought _refinement;
    private readonly ReadOut _readOut;
    private readonly int _width;

    /// <exception cref="ArgumentException">Options that the pooling or the model cannot honour.</exception>
    public EmbeddingRun(LanguageModel model, EmbeddingOptions options)
    {
        options.Validate(model.Config);
        _decoder = model.Decoder;
        _options = options;
        _sequences = new SequenceBuilder(options, model.Config, model.Tokenizer);
        _refinement = new RefinedThought(options.Iterations, options.Stop);
        _readOut = options.Pooling.ReadOut(options.Layers ?? new LayerRange(0, model.Config.Layers - 1));
        _width = options.Pooling.Width(model.Config);
    }

    /// <param name="first">The index of the window's first text among all of the call's, for errors.</param>
    /// <exception cref="ArgumentException">A text has nothing to pool.</exception>
    public TextSequence[] Tokenise(string[] texts, int first, CancellationToken cancellation)
    {
        var sequences = new TextSequence[texts.Length];
        for (var text = 0; text < texts.Length; text++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                sequences[text] = _sequences.Build(texts[text] ?? throw new ArgumentException("It is null."));
            }
            catch (ArgumentException exception)
            {
                throw new ArgumentException($"Text {first + text}: {exception.Message}", exception);
            }
        }

        return sequences;
    }

    /// <summary>All passes over one batch. One at a time on a model: it uses every core.</summary>
    public TextEmbedding[] Embed(TextSequence[] batch, CancellationToken cancellation)
    {
        var packed = new PackedBatch([.. batch.Select(sequence => sequence.Ids)]);
        using var state = _decoder.Prefill(packed, _options.Pooling.Capture() | _refinement.Capture, cancellation: cancellation);
        var passes = _refinement.Run(state, _width, _readOut, cancellation);
        return [.. batch.Select((sequence, row) => Embedding(sequence, passes[row]))];
    }

    private TextEmbedding Embedding(TextSequence sequence, IReadOnlyList<RefinedPass> passes)
    {
        var kept = _options.AllIterations ? passes : [passes[^1]];
        return new TextEmbedding(sequence.Ids.Length, sequence.Truncated,
            [.. kept.Select(pass => new PassEmbedding(pass.K, Normalise(pass.State, sequence), pass.Trace))]);
    }

    /// <summary>Cuts to the dimension asked for, then to length 1.</summary>
    private float[] Normalise(float[] state, TextSequence sequence)
    {
        var vector = state[..(_options.Dimension ?? _width)];
        var norm = TensorPrimitives.Norm<float>(vector);
        if (norm == 0 || !float.IsFinite(norm))
            throw new InvalidOperationException($"The model's vector for a text of {sequence.Ids.Length} tokens has norm {norm}; " +
                "its weights are damaged or not of the family that its configuration names.");
        TensorPrimitives.Divide(vector, norm, vector);
        return vector;
    }
}
