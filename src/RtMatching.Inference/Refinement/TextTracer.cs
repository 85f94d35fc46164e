using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Inference.Refinement;

/// <summary>What a text's passes looked at and how they moved its embedding.</summary>
/// <param name="Tokens">Of pass 1, template and end token included; the last one is the end token.</param>
/// <param name="Passes">Pass 1 first.</param>
public sealed record TracedText(IReadOnlyList<TracedToken> Tokens, bool Truncated, IReadOnlyList<TracedPass> Passes);

/// <param name="Text">
/// What the token stands for. Of a character that several tokens share, the first has the whole and the others have the empty string.
/// </param>
public sealed record TracedToken(int Id, string Text);

/// <summary>One pass: the text's tokens before the end token, the memory token from pass 2 on, the end token.</summary>
/// <param name="Attention">
/// The end token's attention row of the last layer, mean over the query heads or of the one that the memory is made with; sums to 1.
/// (positions)
/// </param>
public sealed record TracedPass(int K, PassTrace Trace, IReadOnlyList<float> Attention)
{
    /// <summary>Where the memory token stands; null in pass 1, which has none.</summary>
    public int? MemoryPosition => K > 1 ? Attention.Count - 2 : null;

    public float MemoryShare => MemoryPosition is { } position ? Attention[position] : 0;

    /// <summary>What the end token's attention leaves on itself.</summary>
    public float EndShare => Attention[^1];
}

/// <summary>Runs Refined Thought and keeps what explains it: each pass's attention over the tokens, by their texts.</summary>
public sealed class TextTracer
{
    /// <summary>Enough to fill the model's batches with short texts; whoever waits for thousands sees some come.</summary>
    private const int TextsAtOnce = 64;

    private readonly LanguageModel _model;
    private readonly EmbeddingOptions _options;
    private readonly SequenceBuilder _sequences;
    private readonly TextEmbedder _embedder;

    /// <exception cref="ArgumentException">
    /// Options that the pooling or the model cannot honour, or that take a single pass, which leaves no trace.
    /// </exception>
    public TextTracer(LanguageModel model, EmbeddingOptions options)
    {
        if (options.Iterations < 2)
            throw new ArgumentException($"A trace needs at least 2 iterations, not {options.Iterations}: the first pass alone moves nothing.");
        _model = model;
        _options = options with { AllIterations = true, KeepAttention = true };
        _options.Validate(model.Config);
        _sequences = new SequenceBuilder(_options, model.Config, model.Tokenizer);
        _embedder = new TextEmbedder(model);
    }

    /// <summary>The traces of <paramref name="texts"/> in their order, read and given as it goes.</summary>
    /// <exception cref="ArgumentException">A text has nothing to pool.</exception>
    public IEnumerable<TracedText> Trace(IEnumerable<string> texts, CancellationToken cancellation = default)
    {
        foreach (var chunk in texts.Chunk(TextsAtOnce))
        {
            var embeddings = _embedder.Embed(chunk, _options, cancellation);
            for (var i = 0; i < chunk.Length; i++) yield return Traced(_sequences.Build(chunk[i]).Ids, embeddings[i]);
        }
    }

    private TracedText Traced(int[] ids, TextEmbedding embedding) => new(
        Texts(ids), embedding.Truncated, [.. embedding.Passes.Select(pass => new TracedPass(pass.K, pass.Trace!, pass.Attention!))]);

    private List<TracedToken> Texts(int[] ids)
    {
        var tokens = new List<TracedToken>(ids.Length);
        while (tokens.Count < ids.Length)
        {
            var (count, text) = Piece(ids.AsSpan(tokens.Count));
            for (var i = 0; i < count; i++) tokens.Add(new TracedToken(ids[tokens.Count], i == 0 ? text : ""));
        }

        return tokens;
    }

    /// <summary>
    /// The shortest run of tokens that makes whole characters. A token holds one byte at least and a character four at most, but a token may
    /// end one character and begin the next; a run that never comes out whole is broken text, and its first token stands alone.
    /// </summary>
    private (int Tokens, string Text) Piece(ReadOnlySpan<int> ids)
    {
        const int Longest = 8;
        const char Broken = '\uFFFD';
        for (var count = 1; count <= Math.Min(Longest, ids.Length); count++)
        {
            var text = _model.Tokenizer.Decode(ids[..count]);
            if (!text.Contains(Broken, StringComparison.Ordinal)) return (count, text);
        }

        return (1, _model.Tokenizer.Decode(ids[..1]));
    }
}
