namespace RtMatching.Inference.Batching;

/// <summary>
/// The lines before an engine: senders come and go on any thread, each of the engine's devices takes batch after batch. While no device works
/// nobody is let in, and once the engine stops only those that are in are served.
/// </summary>
internal sealed class EngineLines(EngineLine interactive, EngineLine background, EngineOutages outages)
{
    /// <summary>While somebody waits, no more than one device of so many begins a background batch: the others are free sooner.</summary>
    private const int DevicesPerBackground = 4;

    /// <summary>
    /// Devices that may fail with a request in their batch, in the second one alone, while others work. Then it is blamed: else one text
    /// could take every device down in turn.
    /// </summary>
    private const int MostFailures = 2;

    /// <summary>Where devices share what waits, each takes at least so many tokens: less would not fill one.</summary>
    private const int LeastShare = 4096;

    private readonly object _lock = new();              // Monitor's, for its wait and pulse
    private volatile EngineFailedException? _failure;
    private volatile string? _warning;
    private string? _stopping;
    private int _senders;
    private int _idle;
    private int _inBackground;      // devices that run a background batch

    /// <summary>Null as long as one device works.</summary>
    public EngineFailedException? Failure => _failure;

    /// <inheritdoc cref="EngineOutages.Warning"/>
    public string? Warning => _warning;

    /// <summary>Requests that stand in the lines.</summary>
    public int Waiting
    {
        get { lock (_lock) return interactive.Count + background.Count; }
    }

    /// <summary>Devices that wait for a batch.</summary>
    public int Idle
    {
        get { lock (_lock) return _idle; }
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

    /// <summary>Waits for the device's next batch; null where the engine stops and nobody is left.</summary>
    public EngineBatch? Next(EngineDevice device)
    {
        lock (_lock)
        {
            while (true)
            {
                var line = interactive.IsEmpty || (!background.IsEmpty && IsBackgroundDue(device)) ? background : interactive;
                if (line.Gather(Budget(line, device)) is { } batch)
                {
                    if (batch.Priority == EnginePriority.Background) _inBackground++;
                    return batch;
                }

                if (!interactive.IsEmpty || !background.IsEmpty) continue;      // all of that line had given up
                if (IsOver) return null;
                _idle++;
                Monitor.Wait(_lock);
                _idle--;
            }
        }
    }

    /// <summary>A batch of <see cref="Next"/> is done, or its device has failed.</summary>
    public void Ran(EngineBatch batch)
    {
        if (batch.Priority == EnginePriority.Background) Change(() => _inBackground--);
    }

    /// <summary>Until the engine stops and nobody is left.</summary>
    public void WaitForLast()
    {
        lock (_lock)
            while (!IsOver) Monitor.Wait(_lock);
    }

    /// <summary>
    /// The device has failed and takes no batch until it returns: the others do what it has not finished. Where none of them works, everybody
    /// who waits is told, and so is who comes.
    /// </summary>
    /// <param name="probe">What a text that nobody sent failed with there.</param>
    public void Leave(EngineDevice device, Exception probe, IReadOnlyList<EngineBatch> unfinished) => Change(() =>
    {
        outages.Add(device, probe);
        foreach (var batch in unfinished.Reverse()) PutBack(batch);
        (_failure, _warning) = (outages.Failure, outages.Warning);
        if (_failure is not { } failure) return;
        foreach (var request in interactive.TakeAll().Concat(background.TakeAll())) request.Fail(failure);
    });

    /// <summary>The device works again.</summary>
    public void Return(EngineDevice device) => Change(() =>
    {
        outages.Remove(device);
        (_failure, _warning) = (outages.Failure, outages.Warning);
    });

    /// <summary>Nobody else is let in.</summary>
    /// <param name="why">What they are told.</param>
    public void Close(string why) => Change(() => _stopping = why);

    public void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new EngineFailedException(failure.Message, failure.InnerException);
    }

    private bool IsOver => _stopping is not null && _senders == 0;

    private bool IsBackgroundDue(EngineDevice device) =>
        device.Share.IsDue && _inBackground < (outages.Working + DevicesPerBackground - 1) / DevicesPerBackground;

    /// <summary>The device's own, or its share of what waits where others wait for work too.</summary>
    private int Budget(EngineLine line, EngineDevice device)
    {
        var budget = device.BatchTokens(line.Priority);
        return _idle == 0 ? budget : (int)Math.Min(budget, Math.Max(LeastShare, line.Tokens / (_idle + 1) + 1));
    }

    private void PutBack(EngineBatch batch)
    {
        foreach (var request in batch.Requests)
        {
            request.Failures++;
            if (request.Failures >= MostFailures && outages.Working > 0)
                request.Fail(new InvalidOperationException($"{request.Failures} devices failed as they ran it: it is not tried on another one."));
        }

        this[batch.Priority].PutBack(batch);
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
