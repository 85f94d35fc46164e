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
/// <param name="batchTokens">Tokens in a batch, at most; null takes what the model's device holds, or chooses by the model's size on a CPU.</param>
/// <param name="priority">Whether a person waits for its embeddings.</param>
public sealed class TextEmbedder(LanguageModel model, int? batchTokens = null, EnginePriority priority = EnginePriority.Interactive)
{
    /// <summary>A window of texts holds about so many batches, which is what sorting by length needs to fill them evenly.</summary>
    private const int BatchesPerWindow = 8;
    private const int MaxTextsPerWindow = 4096;

    /// <summary>On the long side for English (about 4.5) so that windows do not fall short; only a bound, never a cut.</summary>
    private const int CharactersPerToken = 5;

    private readonly int? _batchTokens = batchTokens is < 1
        ? throw new ArgumentOutOfRangeException(nameof(batchTokens), batchTokens, "A batch holds at least one token.")
        : batchTokens;

    public LanguageModel Model { get; } = model;

    /// <summary>Tokens in a batch, at most. Where the model has a device of its own it may become less.</summary>
    public int BatchTokens => _batchTokens ?? BatchBudget.Of(Model, priority);

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
            foreach (var batch in BatchPlanner.Plan([.. indices.Select(row => Cost(rows[row].Sequence))], () => BatchTokens))
            {
                cancellation.ThrowIfCancellationRequested();
                var done = RunBatch([.. batch.Select(i => rows[indices[i]])], cancellation);
                for (var i = 0; i < batch.Length; i++) passes[indices[batch[i]]] = done[i];
            }
        }

        return run.Embeddings(texts, rows, passes);
    }

    /// <summary>
    /// All passes over rows of one forward and one head, when it is their turn at the model. What does not fit the model's device together is
    /// run in halves, one after the other. (rows, readings)
    /// </summary>
    /// <exception cref="ArgumentException">A text does not fit the device by itself.</exception>
    internal IReadOnlyList<RefinedPass>[][] RunBatch(ForwardRow[] rows, CancellationToken cancellation)
    {
        if (TryRun(rows, cancellation) is { } passes) return passes;
        cancellation.ThrowIfCancellationRequested();
        var half = Half(rows);
        return [.. RunBatch(rows[..half], cancellation), .. RunBatch(rows[half..], cancellation)];
    }

    /// <returns>Null where they do not fit; nothing of them is held on the device then.</returns>
    private IReadOnlyList<RefinedPass>[][]? TryRun(ForwardRow[] rows, CancellationToken cancellation)
    {
        using var turn = Model.Gate.Enter(priority, cancellation);
        try
        {
            return EngineSignals.Measure(Model, BatchTokens, rows, () => rows[0].Forward.Run(Model, rows, cancellation));
        }
        catch (DeviceMemoryException exception)
        {
            EngineSignals.CountOutOfMemory(Model);
            Model.Prefixes.Clear();
            return rows.Length > 1 ? null : throw new ArgumentException(
                $"A text of {rows[0].Sequence.Ids.Length} tokens does not fit the memory of {Model.Decoder.Device}, even by itself. "
                + "Cut it to fewer tokens, or run the model on a device with more memory.", exception);
        }
    }

    /// <summary>Of the rows' tokens: how many rows hold it, one at least and not all.</summary>
    private static int Half(ForwardRow[] rows)
    {
        var (half, left) = (0, rows.Sum(row => (long)row.Sequence.Ids.Length) / 2);
        while (half == 0 || (left > 0 && half < rows.Length - 1)) left -= rows[half++].Sequence.Ids.Length;
        return half;
    }

    /// <summary>
    /// Tokens of the budget: those that are run. What a head spares is still copied, into the one layer's cache that is kept at a time, and
    /// must fit where every layer's of the others would.
    /// </summary>
    internal int Cost(TextSequence sequence) => Math.Max(sequence.Run, sequence.Ids.Length / Model.Config.Layers);
}
