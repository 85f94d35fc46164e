using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Inference.Pooling;

/// <summary>Texts to vectors: tokenises, batches, runs the passes, pools. The door that everything outside this project uses.</summary>
/// <remarks>
/// Safe to call from many threads, several embedders over one model too: the model's work is serialised, batch by batch, at its gate.
/// </remarks>
/// <param name="model">Not owned.</param>
/// <param name="batchTokens">Tokens in a batch, at most; null chooses by the model's size.</param>
/// <param name="priority">Whether a person waits for its embeddings.</param>
public sealed class TextEmbedder(LanguageModel model, int? batchTokens = null, EnginePriority priority = EnginePriority.Interactive)
{
    /// <summary>A window of texts holds about so many batches, which is what sorting by length needs to fill them evenly.</summary>
    private const int BatchesPerWindow = 8;
    private const int MaxTextsPerWindow = 4096;

    /// <summary>On the long side for English (about 4.5) so that windows do not fall short; only a bound, never a cut.</summary>
    private const int CharactersPerToken = 5;

    /// <summary>More brings no speed on a CPU, and other callers wait for a batch to end.</summary>
    private const int MaxBatchTokens = 16384;

    /// <summary>Whoever comes in the middle of a background batch waits for its end, so it is short; larger ones would bring little.</summary>
    private const int MaxBackgroundTokens = 2048;

    /// <summary>What a batch's keys, values and final states may take while it is refined; larger models so get shorter batches.</summary>
    private const long MaxCacheBytes = 1L << 29;

    public LanguageModel Model { get; } = model;

    /// <summary>Tokens in a batch, at most.</summary>
    public int BatchTokens { get; } = batchTokens is < 1
        ? throw new ArgumentOutOfRangeException(nameof(batchTokens), batchTokens, "A batch holds at least one token.")
        : batchTokens ?? BatchTokensFor(model.Config, priority);

    /// <summary>The embeddings of <paramref name="texts"/>, in their order.</summary>
    /// <exception cref="ArgumentException">
    /// Options that the pooling or the model cannot honour, or a text with nothing to pool; the message names the remedy.
    /// </exception>
    /// <exception cref="InvalidOperationException">The model gave a vector that is zero or not finite.</exception>
    public IReadOnlyList<TextEmbedding> Embed(IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation = default) =>
        [.. EmbedStream(texts, options, cancellation)];

    /// <summary>
    /// As <see cref="Embed"/>, for more texts than fit in memory: reads a window of texts ahead of what it gives, and tokenises it
    /// while the model runs the window before.
    /// </summary>
    /// <inheritdoc cref="Embed" path="/exception"/>
    public IEnumerable<TextEmbedding> EmbedStream(
        IEnumerable<string> texts, EmbeddingOptions options, CancellationToken cancellation = default) =>
        EmbedStream(texts, [options], cancellation).Select(embeddings => embeddings[0]);

    /// <summary>
    /// Several embeddings of every text, in the order of <paramref name="options"/>: one forward feeds all that share its input. They do where
    /// the same tokens are run, and k &gt; 1 with the same memory; one that is run once reads pass 1 of any. Each is what it would be alone.
    /// </summary>
    /// <inheritdoc cref="Embed" path="/exception"/>
    public IEnumerable<TextEmbedding[]> EmbedStream(
        IEnumerable<string> texts, IReadOnlyList<EmbeddingOptions> options, CancellationToken cancellation = default)
    {
        var run = new EmbeddingRun(Model, options);   // options are judged here, not when the first result is asked for
        return Stream(texts, run, cancellation);
    }

    private IEnumerable<TextEmbedding[]> Stream(IEnumerable<string> texts, EmbeddingRun run, CancellationToken cancellation)
    {
        var first = 0;
        (int Texts, Task<ForwardRow[]> Rows)? ahead = null;
        foreach (var window in TextWindows.Of(texts, MaxTextsPerWindow, (long)BatchTokens * BatchesPerWindow * CharactersPerToken))
        {
            var index = first;
            var next = Task.Run(() => run.Tokenise(window, index, cancellation), cancellation);
            first += window.Length;
            if (ahead is { } before)
            {
                foreach (var embeddings in EmbedWindow(before.Texts, before.Rows, run, cancellation)) yield return embeddings;
            }

            ahead = (window.Length, next);
        }

        if (ahead is not { } last) yield break;
        foreach (var embeddings in EmbedWindow(last.Texts, last.Rows, run, cancellation)) yield return embeddings;
    }

    private TextEmbedding[][] EmbedWindow(int texts, Task<ForwardRow[]> tokenised, EmbeddingRun run, CancellationToken cancellation)
    {
        var rows = tokenised.GetAwaiter().GetResult();
        var passes = new IReadOnlyList<RefinedPass>[rows.Length][];
        foreach (var alike in Enumerable.Range(0, rows.Length).GroupBy(row => (rows[row].Forward, rows[row].Sequence.Head)))
        {
            int[] indices = [.. alike];
            foreach (var batch in BatchPlanner.Plan([.. indices.Select(row => Cost(rows[row].Sequence))], BatchTokens))
            {
                cancellation.ThrowIfCancellationRequested();
                var done = RunBatch([.. batch.Select(i => rows[indices[i]])], cancellation);
                for (var i = 0; i < batch.Length; i++) passes[indices[batch[i]]] = done[i];
            }
        }

        return run.Embeddings(texts, rows, passes);
    }

    /// <summary>All passes over rows of one forward and one head, when it is their turn at the model. (rows, readings)</summary>
    internal IReadOnlyList<RefinedPass>[][] RunBatch(ForwardRow[] rows, CancellationToken cancellation)
    {
        using (Model.Gate.Enter(priority, cancellation))
            return EngineSignals.Measure(Model, BatchTokens, rows, () => rows[0].Forward.Run(Model, rows, cancellation));
    }

    /// <summary>
    /// Tokens of the budget: those that are run. What a head spares is still copied, into the one layer's cache that is kept at a time, and
    /// must fit where every layer's of the others would.
    /// </summary>
    internal int Cost(TextSequence sequence) => Math.Max(sequence.Run, sequence.Ids.Length / Model.Config.Layers);

    internal static int BatchTokensFor(ModelConfig config, EnginePriority priority)
    {
        var bytesPerToken = sizeof(float) * (2L * config.Layers * config.KeyValueWidth + config.Hidden);
        var most = priority == EnginePriority.Background ? MaxBackgroundTokens : MaxBatchTokens;
        return (int)Math.Clamp(MaxCacheBytes / bytesPerToken, 1, most);
    }
}
