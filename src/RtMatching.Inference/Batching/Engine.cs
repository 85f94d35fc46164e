using System.Diagnostics;
using System.Threading.Channels;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Inference.Batching;

/// <summary>
/// A loaded model and the line of requests for it. One thread runs them, so that a hundred rankings that wait hold no thread of the pool, and
/// what waits together with equal options is one batch.
/// </summary>
public sealed class Engine : IAsyncDisposable
{
    // Texts of a batch that requests share: more brings little speed, only a longer wait for the first of them.
    private const int MaxGathered = 32;

    // A request of more texts than that would hold up the line: it stands beside it, and meets the others at the model's gate, batch by batch.
    private const int LargeOnes = 2;

    private readonly TextEmbedder _embedder;
    private readonly SemaphoreSlim _large = new(LargeOnes);

    // A request has one place in it at a time, and requests are limited in number.
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
        if (texts.Count > MaxGathered) return await EmbedLargeAsync(texts, options, cancellation);
        var waiting = new Waiting(texts, options, cancellation);
        if (!_line.Writer.TryWrite(waiting)) throw new OperationCanceledException("The engine stops.");
        return await waiting.Result.Task.WaitAsync(cancellation);
    }

    private async Task<IReadOnlyList<TextEmbedding>> EmbedLargeAsync(
        IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation)
    {
        await _large.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => _embedder.Embed(texts, options, cancellation), cancellation);
        }
        finally
        {
            _large.Release();
        }
    }

    private void Run()
    {
        while (_line.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            if (Gather() is { Count: > 0 } gathered) Embed(gathered);
    }

    /// <summary>The first that waits, and those right behind it that may share its batch.</summary>
    private List<Waiting> Gather()
    {
        var gathered = new List<Waiting>();
        var texts = 0;
        while (_line.Reader.TryPeek(out var next)
            && (gathered.Count == 0 || (next.Options == gathered[0].Options && texts + next.Texts.Count <= MaxGathered)))
        {
            _line.Reader.TryRead(out _);
            if (next.Cancellation.IsCancellationRequested) continue;
            gathered.Add(next);
            texts += next.Texts.Count;
        }

        return gathered;
    }

    private void Embed(IReadOnlyList<Waiting> gathered)
    {
        try
        {
            using var span = Trace(gathered);

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

    /// <summary>The engine's spans belong to the request they are for; where several share a batch, to a trace of its own that is linked to theirs.</summary>
    private static Activity? Trace(IReadOnlyList<Waiting> gathered)
    {
        Activity.Current = gathered is [{ Request: { IsStopped: false } request }] ? request : null;
        return gathered.Count == 1 || !Signals.Source.HasListeners()
            ? null
            : Signals.Source.StartActivity("embed batch", ActivityKind.Internal, default(ActivityContext), tags: [new("rtmatch.batch.requests", gathered.Count)],
                links: gathered.Select(waiting => waiting.Request).OfType<Activity>().Select(request => new ActivityLink(request.Context)));
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
        public Activity? Request { get; } = Activity.Current;
        public TaskCompletionSource<IReadOnlyList<TextEmbedding>> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
