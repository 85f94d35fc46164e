using System.Threading.Channels;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Server.Backend;

/// <summary>
/// A loaded model and the line of requests for it. One thread runs them, so that a hundred rankings that wait hold no thread of the pool, and
/// what waits together with equal options is one batch.
/// </summary>
internal sealed class Engine : IAsyncDisposable
{
    // What is beyond a batch of the model brings no speed, only a longer wait for the first of them.
    private const int MaxGathered = 32;

    private readonly TextEmbedder _embedder;
    private readonly Channel<Waiting> _line = Channel.CreateUnbounded<Waiting>(new() { SingleReader = true });
    private readonly Task _run;

    public Engine(LanguageModel model)
    {
        (Model, _embedder) = (model, new TextEmbedder(model));
        _run = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public LanguageModel Model { get; }

    /// <summary>The embeddings of <paramref name="texts"/>, in their order, ahead of background work.</summary>
    /// <exception cref="ArgumentException">Options that the model cannot honour, or a text with nothing to pool.</exception>
    public async Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation)
    {
        if (texts.Count == 0) return [];
        var waiting = new Waiting(texts, options, cancellation);
        if (!_line.Writer.TryWrite(waiting)) throw new OperationCanceledException("The server stops.");
        return await waiting.Result.Task.WaitAsync(cancellation);
    }

    private void Run()
    {
        Waiting? held = null;       // read, but of other options than those before it
        while (held is not null || _line.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            var gathered = new List<Waiting>();
            if (held is not null || _line.Reader.TryRead(out held)) gathered.Add(held);
            held = null;
            while (gathered.Count is > 0 and < MaxGathered && _line.Reader.TryRead(out var next))
            {
                if (next.Options == gathered[0].Options && next.Texts.Count <= MaxGathered)
                {
                    gathered.Add(next);
                    continue;
                }

                held = next;
                break;
            }

            gathered.RemoveAll(waiting => waiting.IsGivenUp);
            if (gathered.Count > 0) Embed(gathered);
        }
    }

    private void Embed(IReadOnlyList<Waiting> gathered)
    {
        try
        {
            // One alone is stopped when it is given up; of several, the others still want theirs.
            var cancellation = gathered.Count == 1 ? gathered[0].Cancellation : CancellationToken.None;
            var embeddings = _embedder.Embed([.. gathered.SelectMany(waiting => waiting.Texts)], gathered[0].Options, cancellation);
            var first = 0;
            foreach (var waiting in gathered)
            {
                waiting.Result.TrySetResult([.. embeddings.Skip(first).Take(waiting.Texts.Count)]);
                first += waiting.Texts.Count;
            }
        }
        catch (Exception) when (gathered.Count > 1)
        {
            // A text that fails fails for whoever sent it, and for nobody else.
            foreach (var waiting in gathered) Embed([waiting]);
        }
        catch (Exception e)
        {
            gathered[0].Result.TrySetException(e);
        }
    }

    /// <summary>What waits is finished first.</summary>
    public async ValueTask DisposeAsync()
    {
        _line.Writer.TryComplete();
        await _run;
        Model.Dispose();
    }

    private sealed record Waiting(IReadOnlyList<string> Texts, EmbeddingOptions Options, CancellationToken Cancellation)
    {
        public TaskCompletionSource<IReadOnlyList<TextEmbedding>> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public bool IsGivenUp => Cancellation.IsCancellationRequested;
    }
}
