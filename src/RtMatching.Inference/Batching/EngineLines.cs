namespace RtMatching.Inference.Batching;

/// <summary>
/// The lines before an engine: senders come and go on any thread, the engine's own takes batch after batch. While the engine has failed
/// nobody is let in, and once it stops only those that are in are served.
/// </summary>
internal sealed class EngineLines(EngineLine interactive, EngineLine background, TimeProvider time)
{
    private readonly object _lock = new();              // Monitor's, for its wait and pulse
    private readonly BackgroundShare _share = new(time);
    private volatile EngineFailedException? _failure;
    private string? _stopping;
    private int _senders;

    public EngineFailedException? Failure => _failure;

    /// <summary>Requests that stand in the lines.</summary>
    public int Waiting
    {
        get { lock (_lock) return interactive.Count + background.Count; }
    }

    public EngineLine this[EnginePriority priority] => priority == EnginePriority.Interactive ? interactive : background;

    /// <summary>A sender comes, who is waited for.</summary>
    /// <exception cref="EngineFailedException">Nobody is let in.</exception>
    public void Arrive()
    {
        lock (_lock)
        {
            if (_stopping is not null) throw new EngineFailedException(_stopping);
            ThrowIfFailed();
            _senders++;
        }
    }

    public void Depart() => Change(() => _senders--);

    /// <exception cref="EngineFailedException">It has failed since the sender came.</exception>
    public void Add(EnginePriority priority, EngineRequest request) => Change(() =>
    {
        ThrowIfFailed();
        this[priority].Add(request);
    });

    public void Remove(EnginePriority priority, EngineRequest request) => Change(() => this[priority].Remove(request));

    /// <summary>Waits for the next batch; null where the engine stops and nobody is left.</summary>
    public EngineBatch? Next()
    {
        lock (_lock)
        {
            while (true)
            {
                var line = interactive.IsEmpty || (!background.IsEmpty && _share.IsDue) ? background : interactive;
                if (line.Gather() is { } batch) return batch;
                if (!interactive.IsEmpty || !background.IsEmpty) continue;      // all of that line had given up
                if (_stopping is not null && _senders == 0) return null;
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>A batch of <see cref="Next"/> is done.</summary>
    /// <param name="began">The time's timestamp.</param>
    public void Ran(EngineBatch batch, long began)
    {
        if (batch.Priority == EnginePriority.Background) Change(() => _share.Took(began));
    }

    /// <summary>Everybody who waits is told, and so is who comes until <see cref="Reopen"/>.</summary>
    public void Fail(EngineFailedException failure) => Change(() =>
    {
        _failure = failure;
        foreach (var request in interactive.TakeAll().Concat(background.TakeAll())) request.Fail(failure);
    });

    public void Reopen() => _failure = null;

    /// <summary>Nobody else is let in.</summary>
    /// <param name="why">What they are told.</param>
    public void Close(string why) => Change(() => _stopping = why);

    public void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new EngineFailedException(failure.Message, failure.InnerException);
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            Monitor.PulseAll(_lock);
        }
    }
}
