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
    private readonly Dictionary<EnginePriority, TextEmbedder> _embedders;
    private readonly Dictionary<EmbeddingOptions, EmbeddingRun> _runs = [];
    private readonly EngineLines _lines;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _run;
    private TimeSpan _pause;
    private long? _recovered;

    /// <param name="model">Disposed with the engine.</param>
    public Engine(LanguageModel model, EngineSettings? settings = null, TimeProvider? time = null)
    {
        (Model, _settings, _time) = (model, settings ?? new EngineSettings(), time ?? TimeProvider.System);
        _embedders = new()
        {
            [EnginePriority.Interactive] = new(model, _settings.InteractiveBatchTokens, EnginePriority.Interactive),
            [EnginePriority.Background] = new(model, _settings.BackgroundBatchTokens, EnginePriority.Background),
        };
        _lines = new EngineLines(
            Line(EnginePriority.Interactive, new LineRoom(_settings.InteractiveTexts, _settings.InteractiveCharacters)),
            Line(EnginePriority.Background, new LineRoom(_settings.BackgroundTexts, _settings.BackgroundCharacters)), _time);
        _run = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public LanguageModel Model { get; }

    /// <summary>Why it embeds nothing now; null where it works. Holds nothing of any text that was sent.</summary>
    public string? Problem => _lines.Failure?.Message;

    /// <summary>It failed, or works again. Raised on the engine's own thread, which waits for it.</summary>
    public event Action<Engine>? Changed;

    /// <summary>Texts that were let in at the priority, and wait for their batch or are in it.</summary>
    public int Texts(EnginePriority priority) => _lines[priority].Room.Texts;

    /// <summary>Senders that wait for room at the priority.</summary>
    public int WaitingForRoom(EnginePriority priority) => _lines[priority].Room.Waiting;

    /// <summary>Requests that stand in the lines, tokenised.</summary>
    internal int Waiting => _lines.Waiting;

    /// <exception cref="EngineFailedException">It embeds nothing at all now.</exception>
    public void ThrowIfFailed() => _lines.ThrowIfFailed();

    /// <summary>The embeddings of <paramref name="texts"/>, in their order. Where too much waits already, waits for room first.</summary>
    /// <exception cref="ArgumentException">Options that the model cannot honour, or a text with nothing to pool.</exception>
    /// <exception cref="InvalidOperationException">The model gave a vector that is zero or not finite.</exception>
    /// <exception cref="EngineFailedException">It embeds nothing at all now, or stops.</exception>
    public async Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        IReadOnlyList<string> texts, EmbeddingOptions options, EnginePriority priority, CancellationToken cancellation = default)
    {
        var run = RunOf(options);
        if (texts.Count == 0) return [];
        _lines.Arrive();
        EngineSignals.CountWaiting(Model, priority, texts.Count);
        try
        {
            var characters = texts.Sum(text => (long)(text?.Length ?? 0));
            using var room = await _lines[priority].Room.TakeAsync(texts.Count, characters, cancellation);
            ThrowIfFailed();

            // Tokenised by its sender: the engine's own thread has nothing to do but forwards.
            var request = await Task.Run(() => new EngineRequest(run, texts, cancellation), cancellation);
            using var givenUp = cancellation.UnsafeRegister(_ => GiveUp(priority, request), null);
            _lines.Add(priority, request);
            return await request.Result;
        }
        finally
        {
            EngineSignals.CountWaiting(Model, priority, -texts.Count);
            _lines.Depart();
        }
    }

    private EngineLine Line(EnginePriority priority, LineRoom room) =>
        new(priority, room, _embedders[priority].BatchTokens, _embedders[priority].Cost);

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

    private void GiveUp(EnginePriority priority, EngineRequest request)
    {
        _lines.Remove(priority, request);
        request.GiveUp();
    }

    private void Run()
    {
        while (_lines.Next() is { } batch)
        {
            var began = _time.GetTimestamp();
            Run(batch);
            _lines.Ran(batch, began);
            if (_lines.Failure is not null) Recover();
        }
    }

    private void Run(EngineBatch batch)
    {
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

        foreach (var request in batch.Requests) End(request);
    }

    private void RunUnlessFailed(EngineBatch batch)
    {
        if (_lines.Failure is { } failure) batch.Requests[0].Fail(failure);
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

        if (_lines.Failure is null && Try() is { } probe) Fail(probe);
        request.Fail(_lines.Failure ?? exception);
    }

    /// <summary>What a text that nobody sent fails with; null where it does not.</summary>
    private Exception? Try()
    {
        Activity.Current = null;
        try
        {
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
        var reason = probe.Message.Split('\n')[0].TrimEnd();      // a native library's goes on with its stack
        var why = $"{Model.Name} embeds nothing at present: {probe.GetType().Name}: {reason}";
        _lines.Fail(new EngineFailedException(why, probe));
        EngineSignals.CountFailure(Model);
        Changed?.Invoke(this);
    }

    /// <summary>
    /// Tries until it works, or the engine is stopped. One that failed again soon after it worked is tried as seldom as before: something
    /// that is sent again and again may be what breaks it.
    /// </summary>
    private void Recover()
    {
        if (_recovered is not { } since || _time.GetElapsedTime(since) > _settings.LongestPause) _pause = _settings.FirstPause;
        do
        {
            if (!Wait(_pause)) return;
            _pause = TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, _settings.LongestPause.Ticks));
        }
        while (Try() is not null);
        _recovered = _time.GetTimestamp();
        _lines.Reopen();
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

    /// <summary>What waits is finished first.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Close($"The engine of {Model.Name} is stopping.");
        await _stopping.CancelAsync();
        await _run;
        Model.Dispose();
    }
}
