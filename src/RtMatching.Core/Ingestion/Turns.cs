namespace RtMatching.Core.Ingestion;

/// <summary>
/// Whose turn it is at a stage: the ingestions with something to do there, one after the other, so that a small one does not wait behind a
/// large one. Several loops may work for the same ingestion at once.
/// </summary>
internal sealed class Turns(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, OpenIngestion> _waiting = [];
    private readonly Dictionary<long, (int Failures, long Since, TimeSpan Pause)> _postponed = [];
    private TaskCompletionSource _offered = Signal();
    private long _last;

    /// <summary>Nothing is left: it may be worth looking for more, or for what has ended.</summary>
    public Action? RanDry { get; set; }

    /// <summary>Those that have something to do now, instead of those known before.</summary>
    public void Offer(IEnumerable<OpenIngestion> found)
    {
        lock (_lock)
        {
            _waiting.Clear();
            foreach (var ingestion in found) _waiting.Add(ingestion.Id, ingestion);
            foreach (var id in _postponed.Keys.Where(id => !_waiting.ContainsKey(id)).ToList()) _postponed.Remove(id);
            foreach (var id in _postponed.Keys.Where(IsPostponed)) _waiting.Remove(id);
            if (_waiting.Count > 0) Raise();
        }
    }

    /// <summary>One more, before the next look into the database finds it.</summary>
    public void Add(OpenIngestion ingestion)
    {
        lock (_lock)
        {
            if (IsPostponed(ingestion.Id) || !_waiting.TryAdd(ingestion.Id, ingestion)) return;
            Raise();
        }
    }

    /// <summary>Waits until one has something to do.</summary>
    public async Task<OpenIngestion> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task offered;
            lock (_lock)
            {
                cancellation.ThrowIfCancellationRequested();
                if (_waiting.Count > 0)
                {
                    var next = _waiting.Values.FirstOrDefault(ingestion => ingestion.Id > _last) ?? _waiting.Values.First();
                    _last = next.Id;
                    return next;
                }

                offered = _offered.Task;
            }

            await offered.WaitAsync(cancellation);
        }
    }

    /// <summary>Something of it is done.</summary>
    public void Served(long id)
    {
        bool dry;
        lock (_lock)
        {
            _postponed.Remove(id);
            dry = _waiting.Count == 0;
        }

        if (dry) RanDry?.Invoke();
    }

    /// <summary>Nothing of it waits any more; it comes back when it is offered again.</summary>
    public void Exhausted(long id)
    {
        bool dry;
        lock (_lock)
        {
            _waiting.Remove(id);
            dry = _waiting.Count == 0;
        }

        if (dry) RanDry?.Invoke();
    }

    /// <summary>It failed as a whole (its model is missing, say): not again for a while, longer each time.</summary>
    /// <returns>For how long.</returns>
    public TimeSpan Postpone(long id)
    {
        lock (_lock)
        {
            _waiting.Remove(id);
            var failures = _postponed.GetValueOrDefault(id).Failures + 1;
            var pause = GrowingPause.OfFailures.After(failures);
            _postponed[id] = (failures, time.GetTimestamp(), pause);
            return pause;
        }
    }

    /// <summary>What kept them from working may be over: those postponed need not wait for their pause's end.</summary>
    public void Resume()
    {
        lock (_lock)
            foreach (var (id, postponed) in _postponed.ToList()) _postponed[id] = postponed with { Pause = TimeSpan.Zero };
    }

    private bool IsPostponed(long id) =>
        _postponed.TryGetValue(id, out var postponed) && time.GetElapsedTime(postponed.Since) < postponed.Pause;

    private void Raise()
    {
        _offered.TrySetResult();
        _offered = Signal();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
