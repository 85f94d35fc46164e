using System.Diagnostics;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Batching;

/// <summary>Texts sent to an engine together, tokenised: their rows go into one batch or several, and all come back at once.</summary>
/// <remarks>What is taken and put back is for one thread at a time, under the lines' lock; batches of several devices end when they do.</remarks>
internal sealed class EngineRequest
{
    private readonly TaskCompletionSource<IReadOnlyList<TextEmbedding>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EmbeddingRun _run;
    private readonly int _texts;
    private readonly ForwardRow[] _rows;
    private readonly Stack<int> _left;      // rows in no batch: alike together, the longest first
    private readonly IReadOnlyList<RefinedPass>[][] _passes;        // (rows, readings)
    private int _done;
    private int _ended;

    /// <exception cref="ArgumentException">A text has nothing to pool.</exception>
    public EngineRequest(EmbeddingRun run, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        (_run, _texts, Cancellation) = (run, texts.Count, cancellation);
        _rows = run.Tokenise([.. texts], 0, cancellation);
        var kinds = Enumerable.Range(0, _rows.Length).GroupBy(row => Kind(_rows[row]));
        _left = new Stack<int>(kinds.SelectMany(alike => alike.OrderByDescending(Length)).Reverse());
        LeftTokens = _left.Sum(row => (long)Length(row));
        _passes = new IReadOnlyList<RefinedPass>[_rows.Length][];
    }

    public CancellationToken Cancellation { get; }

    /// <summary>The span that its sender is in.</summary>
    public Activity? Sender { get; } = Activity.Current;

    /// <summary>Of the texts, in their order.</summary>
    public Task<IReadOnlyList<TextEmbedding>> Result => _result.Task;

    /// <summary>Rows that are in no batch.</summary>
    public int Left => _left.Count;

    /// <summary>Of them, the next.</summary>
    public ForwardRow Next => _rows[_left.Peek()];

    /// <summary>Tokens of them.</summary>
    public long LeftTokens { get; private set; }

    /// <summary>Devices that failed with some of its rows in their batch.</summary>
    public int Failures { get; set; }

    /// <summary>Puts the next row into a batch; gives its number here.</summary>
    public int Take()
    {
        LeftTokens -= Length(_left.Peek());
        return _left.Pop();
    }

    /// <summary>The batch that the row was in was not run.</summary>
    public void PutBack(int row)
    {
        LeftTokens += Length(row);
        _left.Push(row);
    }

    public ForwardRow Row(int row) => _rows[row];

    /// <summary>One of its rows was run.</summary>
    /// <param name="passes">By reading.</param>
    public void Keep(int row, IReadOnlyList<RefinedPass>[] passes)
    {
        _passes[row] = passes;
        Interlocked.Increment(ref _done);
    }

    /// <summary>Gives the embeddings, where all rows were run.</summary>
    public void EndIfDone()
    {
        if (Volatile.Read(ref _done) < _rows.Length || Interlocked.Exchange(ref _ended, 1) == 1) return;
        try
        {
            _result.TrySetResult([.. _run.Embeddings(_texts, _rows, _passes).Select(embeddings => embeddings[0])]);
        }
        catch (Exception exception)
        {
            // No device's fault, each of whose vectors was looked at: what its own options make of them is not one.
            Fail(exception);
        }
    }

    public void Fail(Exception exception) => _result.TrySetException(exception);

    public void GiveUp() => _result.TrySetCanceled(Cancellation);

    /// <summary>Rows that can be in one batch agree in it.</summary>
    public static (SharedForward, int[]?) Kind(ForwardRow row) => (row.Forward, row.Sequence.Head);

    private int Length(int row) => _rows[row].Sequence.Ids.Length;
}
