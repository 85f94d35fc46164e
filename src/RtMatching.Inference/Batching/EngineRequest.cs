using System.Diagnostics;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Batching;

/// <summary>Texts sent to an engine together, tokenised: their rows go into one batch or several, and all come back at once.</summary>
internal sealed class EngineRequest
{
    private readonly TaskCompletionSource<IReadOnlyList<TextEmbedding>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EmbeddingRun _run;
    private readonly int _texts;
    private readonly ForwardRow[] _rows;
    private readonly int[] _order;      // of rows: alike together, the longest first
    private readonly IReadOnlyList<RefinedPass>[][] _passes;        // (rows, readings)
    private int _taken;
    private int _done;

    /// <exception cref="ArgumentException">A text has nothing to pool.</exception>
    public EngineRequest(EmbeddingRun run, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        (_run, _texts, Cancellation) = (run, texts.Count, cancellation);
        _rows = run.Tokenise([.. texts], 0, cancellation);
        var kinds = Enumerable.Range(0, _rows.Length).GroupBy(row => Kind(_rows[row]));
        _order = [.. kinds.SelectMany(alike => alike.OrderByDescending(Length))];
        _passes = new IReadOnlyList<RefinedPass>[_rows.Length][];
    }

    public CancellationToken Cancellation { get; }

    /// <summary>The span that its sender is in.</summary>
    public Activity? Sender { get; } = Activity.Current;

    /// <summary>Of the texts, in their order.</summary>
    public Task<IReadOnlyList<TextEmbedding>> Result => _result.Task;

    /// <summary>Rows that are in no batch yet.</summary>
    public int Left => _order.Length - _taken;

    /// <summary>The next row that is in no batch yet.</summary>
    public ForwardRow Next => _rows[_order[_taken]];

    /// <summary>Puts the next row into a batch; gives its number here.</summary>
    public int Take() => _order[_taken++];

    public ForwardRow Row(int row) => _rows[row];

    /// <summary>One of its rows was run.</summary>
    /// <param name="passes">By reading.</param>
    public void Keep(int row, IReadOnlyList<RefinedPass>[] passes) => (_passes[row], _done) = (passes, _done + 1);

    /// <summary>Gives the embeddings, where all rows were run.</summary>
    /// <exception cref="InvalidOperationException">The model gave a vector that is zero or not finite.</exception>
    public void EndIfDone()
    {
        if (_done == _rows.Length) _result.TrySetResult([.. _run.Embeddings(_texts, _rows, _passes).Select(embeddings => embeddings[0])]);
    }

    public void Fail(Exception exception) => _result.TrySetException(exception);

    public void GiveUp() => _result.TrySetCanceled(Cancellation);

    /// <summary>Rows that can be in one batch agree in it.</summary>
    public static (SharedForward, int[]?) Kind(ForwardRow row) => (row.Forward, row.Sequence.Head);

    private int Length(int row) => _rows[row].Sequence.Ids.Length;
}
