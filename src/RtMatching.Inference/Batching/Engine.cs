using System.Diagnostics;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Inference.Batching;

/// <summary>
/// A loaded model and the two bounded lines before it: what somebody waits for, and background work. One thread runs them batch by batch,
/// so that a hundred rankings that wait hold no thread of the pool, and what waits with equal options is one batch, whoever sent it.
/// </summary>
/// <remarks>
/// Where a batch fails and so does a text that nobody sent, the engine itself has failed: everybody is told so, nobody's text is blamed, and
/// it is tried again until it works.
/// </remarks>
public sealed class Engine : IAsyncDisposable
{
    private const string Probe = "ready";

    // Options come from outside; those of an installation's profiles are two or three.
    private const int MostRuns = 64;

    private readonly EngineSettings _settings;
    private readonly TimeProvider _time;
    private readonly object _lock = new();              // Monitor's, for its wait and pulse
    private readonly Dictionary<EnginePriority, TextEmbedder> _embedders;
    private readonly Dictionary<EnginePriority, EngineLine> _lines;
    private readonly Dictionary<EmbeddingOptions, EmbeddingRun> _runs = [];
    private readonly BackgroundShare _share;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _run;
    private int _senders;
    private volatile EngineFailedException? _failure;

    /// <param name="model">Disposed with the engine.</param>
    public Engine(LanguageModel model, EngineSettings? settings = null, TimeProvider? time = null)
    {
        (Model, _settings, _time) = (model, settings ?? new EngineSettings(), time ?? TimeProvider.System);
        _share = new BackgroundShare(_time);
        _embedders = Enum.GetValues<EnginePriority>().ToDictionary(
            priority => priority, priority => new TextEmbedder(model, BatchTokens(priority), priority));
        _lines = _embedders.ToDictionary(embedder => embedder.Key, embedder => new EngineLine(
            embedder.Key, Room(embedder.Key), embedder.Value.BatchTokens, embedder.Value.Cost));
        _run = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public LanguageModel Model { get; }

    /// <summary>Why it embeds nothing now; null where it works. Holds nothing of any text that was sent.</summary>
    public string? Problem => _failure?.Message;

    /// <summary>It failed, or works again. Raised on the engine's own thread, which waits for it.</summary>
    public event Action<Engine>? Changed;

    /// <summary>Texts that were let in at the priority, and wait for their batch or are in it.</summary>
    public int Texts(EnginePriority priority) => _lines[priority].Room.Texts;

    /// <summary>Senders that wait for room at the priority.</summary>
    public int WaitingForRoom(EnginePriority priority) => _lines[priority].Room.Waiting;

    /// <summary>The embeddings of <paramref name="texts"/>, in their order. Where too much waits already, waits for room first.</summary>
    /// <exception cref="ArgumentException">Options that the model cannot honour, or a text with nothing to pool.</exception>
    /// <exception cref="InvalidOperationException">The model gave a vector that is zero or not finite.</exception>
    /// <exception cref="EngineFailedException">It embeds nothing at all now, or stops.</exception>
    public async Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        IReadOnlyList<string> texts, EmbeddingOptions options, EnginePriority priority, CancellationToken cancellation = default)
    {
        var (run, line) = (RunOf(options), _lines[priority]);
        if (texts.Count == 0) return [];
        Arrive();
        try
        {
            using var room = await line.Room.TakeAsync(texts.Count, texts.Sum(text => (long)(text?.Length ?? 0)), cancellation);
            ThrowIfFailed();

            // Tokenised by its sender: the engine's own thread has nothing to do but forwards.
            var request = await Task.Run(() => new EngineRequest(run, texts, cancellation), cancellation);
            using var givenUp = cancellation.UnsafeRegister(_ => GiveUp(line, request), null);
            Add(line, request);
            return await request.Result;
        }
        finally
        {
            Depart();
        }
    }

    /// <summary>One for all that have equal options: its rows can share a batch.</summary>
    /// <exception cref="ArgumentException">Options that the model cannot honour.</exception>
    private EmbeddingRun RunOf(EmbeddingOptions options)
    {
        lock (_runs)
        {
            if (_runs.TryGetValue(options, out var run)) return run;
            if (_runs.Count >= MostRuns) _runs.Clear();     // those in use live on; the same options again only do not meet them in a batch
            return _runs[options] = new EmbeddingRun(Model, [options]);
        }
    }

    private void Arrive()
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested) throw new EngineFailedException($"The engine of {Model.Name} is stopping.");
            ThrowIfFailed();
            _senders++;
        }
    }

    private void Depart()
    {
        lock (_lock)
        {
            _senders--;
            Monitor.PulseAll(_lock);
        }
    }

    private void Add(EngineLine line, EngineRequest request)
    {
        lock (_lock)
        {
            ThrowIfFailed();
            line.Add(request);
            Monitor.PulseAll(_lock);
        }
    }

    private void GiveUp(EngineLine line, EngineRequest request)
    {
        lock (_lock) line.Remove(request);
        request.GiveUp();
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new EngineFailedException(failure.Message, failure.InnerException);
    }

    private void Run()
    {
        while (Next() is { } batch)
        {
            Run(batch);
            if (_failure is not null) Recover();
        }
    }

    /// <summary>Waits for the next batch; null where the engine stops and nobody waits for it any more.</summary>
    private EngineBatch? Next()
    {
        var (interactive, background) = (_lines[EnginePriority.Interactive], _lines[EnginePriority.Background]);
        lock (_lock)
        {
            while (true)
            {
                var line = interactive.IsEmpty || (!background.IsEmpty && _share.IsDue) ? background : interactive;
                if (line.Gather() is { } batch) return batch;
                if (!interactive.IsEmpty || !background.IsEmpty) continue;      // all of that line had given up
                if (_stopping.IsCancellationRequested && _senders == 0) return null;
                Monitor.Wait(_lock);
            }
        }
    }

    private void Run(EngineBatch batch)
    {
        var began = _time.GetTimestamp();
        try
        {
            batch.Deliver(Forward(batch));
        }
        catch (Exception) when (batch.Requests.Count > 1)
        {
            // A text that fails fails for whoever sent it, and for nobody else.
            foreach (var alone in batch.Split()) RunUnlessFailed(alone);
            return;
        }
        catch (Exception exception)
        {
            Judge(batch.Requests[0], exception);
            return;
        }
        finally
        {
            if (batch.Priority == EnginePriority.Background) _share.Took(began);
        }

        foreach (var request in batch.Requests) End(request);
    }

    private void RunUnlessFailed(EngineBatch batch)
    {
        if (_failure is { } failure) batch.Requests[0].Fail(failure);
        else Run(batch);
    }

    private IReadOnlyList<RefinedPass>[][] Forward(EngineBatch batch)
    {
        using var span = Trace(batch.Requests);

        // One alone is stopped when it is given up; of several, the others still want theirs.
        var cancellation = batch.Requests is [{ } only] ? only.Cancellation : CancellationToken.None;
        return _embedders[batch.Priority].RunBatch(batch.Rows, cancellation);
    }

    private void End(EngineRequest request)
    {
        try
        {
            request.EndIfDone();
        }
        catch (Exception exception)
        {
            Judge(request, exception);
        }
    }

    /// <summary>Whether the request's texts are to blame, or the engine.</summary>
    private void Judge(EngineRequest request, Exception exception)
    {
        if (request.Cancellation.IsCancellationRequested)
        {
            request.GiveUp();
            return;
        }

        if (Try() is { } failure) Fail(failure);
        request.Fail(_failure ?? exception);
    }

    /// <summary>What a text that nobody sent fails with; null where it does not.</summary>
    private Exception? Try()
    {
        try
        {
            Activity.Current = null;
            _embedders[EnginePriority.Interactive].Embed([Probe], new EmbeddingOptions());
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private void Fail(Exception probe)
    {
        lock (_lock)
        {
            _failure = new EngineFailedException($"{Model.Name} embeds nothing at present: {probe.GetType().Name}: {probe.Message}", probe);
            foreach (var request in _lines.Values.SelectMany(line => line.TakeAll())) request.Fail(_failure);
        }

        Changed?.Invoke(this);
    }

    /// <summary>Tries until it works, or the engine is stopped.</summary>
    private void Recover()
    {
        var pause = _settings.FirstPause;
        do
        {
            if (!Wait(pause)) return;
            pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, _settings.LongestPause.Ticks));
        }
        while (Try() is not null);
        _failure = null;
        Changed?.Invoke(this);
    }

    /// <returns>False where the engine is stopped meanwhile.</returns>
    private bool Wait(TimeSpan pause)
    {
        try
        {
            Task.Delay(pause, _time, _stopping.Token).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// The engine's spans belong to the request they are for; where several share a batch, to a trace of its own that is linked to theirs.
    /// </summary>
    private static Activity? Trace(IReadOnlyList<EngineRequest> requests)
    {
        Activity.Current = requests is [{ Sender: { IsStopped: false } sender }] ? sender : null;
        if (requests.Count == 1 || !Signals.Source.HasListeners()) return null;
        var links = requests.Select(request => request.Sender).OfType<Activity>().Select(sender => new ActivityLink(sender.Context));
        return Signals.Source.StartActivity(
            "embed batch", ActivityKind.Internal, default(ActivityContext), [new("rtmatch.batch.requests", requests.Count)], links);
    }

    private int? BatchTokens(EnginePriority priority) =>
        priority == EnginePriority.Interactive ? _settings.InteractiveBatchTokens : _settings.BackgroundBatchTokens;

    private LineRoom Room(EnginePriority priority) => priority == EnginePriority.Interactive
        ? new LineRoom(_settings.InteractiveTexts, _settings.InteractiveCharacters)
        : new LineRoom(_settings.BackgroundTexts, _settings.BackgroundCharacters);

    /// <summary>What waits is finished first.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _stopping.Cancel();
            Monitor.PulseAll(_lock);
        }

        await _run;
        Model.Dispose();
        _stopping.Dispose();
    }
}
