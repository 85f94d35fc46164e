using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Telemetry;

namespace RtMatching.Inference.Batching;

/// <summary>
/// A loaded model and the two bounded lines before it: what somebody waits for, and background work. One thread for each of its devices runs
/// them batch by batch, so that a hundred rankings that wait hold no thread of the pool, and what waits with equal options is one batch,
/// whoever sent it.
/// </summary>
/// <remarks>
/// A device that fails is left out until it works again, while the others go on with what it had. Where none is left the engine itself has
/// failed: everybody is told so, and nobody's text is blamed.
/// </remarks>
public sealed class Engine : IAsyncDisposable
{
    // Options come from outside; those of an installation's profiles are two or three.
    private const int MostRuns = 64;

    private readonly IReadOnlyList<EngineDevice> _devices;
    private readonly Dictionary<EmbeddingOptions, EmbeddingRun> _runs = [];
    private readonly EngineLines _lines;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _telling = new();
    private readonly Task _run;

    /// <param name="model">Disposed with the engine. Its replicas run beside it.</param>
    public Engine(LanguageModel model, EngineSettings? settings = null, TimeProvider? time = null)
    {
        var chosen = settings ?? new EngineSettings();
        Model = model;
        _devices = [.. model.Replicas.Prepend(model).Select(replica => new EngineDevice(replica, chosen, time ?? TimeProvider.System, Tell))];
        var inBackground = _devices.Sum(device => (long)device.BatchTokens(EnginePriority.Background));
        _lines = new EngineLines(
            new EngineLine(EnginePriority.Interactive, LineRoom.ForInteractive(chosen), _devices[0].Cost),
            new EngineLine(EnginePriority.Background, LineRoom.ForBackground(chosen, inBackground), _devices[0].Cost),
            new EngineOutages(model.Name, _devices.Count));
        _run = Task.WhenAll(_devices.Select(device => Task.Factory.StartNew(
            () => device.Run(_lines, _stopping.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    public LanguageModel Model { get; }

    /// <summary>Why it embeds nothing now; null where one of its devices works. Holds nothing of any text that was sent.</summary>
    public string? Problem => _lines.Failure?.Message;

    /// <summary>Which of its devices are out while others work, and why; null where all of them work, or none. Holds nothing of any text.</summary>
    public string? Warning => _lines.Warning;

    /// <summary>It failed, or works again, or one of its devices did. Raised on that device's own thread, which waits for it; one at a time.</summary>
    public event Action<Engine>? Changed;

    /// <summary>Texts that were let in at the priority, and wait for their batch or are in it.</summary>
    public int Texts(EnginePriority priority) => _lines[priority].Room.Texts;

    /// <summary>Senders that wait for room at the priority.</summary>
    public int WaitingForRoom(EnginePriority priority) => _lines[priority].Room.Waiting;

    /// <summary>Requests that stand in the lines, tokenised.</summary>
    internal int Waiting => _lines.Waiting;

    /// <summary>Devices that wait for a batch.</summary>
    internal int Idle => _lines.Idle;

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

    private void Tell()
    {
        lock (_telling) Changed?.Invoke(this);
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
