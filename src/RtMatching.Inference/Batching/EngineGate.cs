namespace RtMatching.Inference.Batching;

/// <summary>Who goes first where several want the same model.</summary>
public enum EnginePriority
{
    /// <summary>A person or a request waits for it.</summary>
    Interactive,

    /// <summary>Bulk work, which only has to get done.</summary>
    Background,
}

/// <summary>
/// One batch at a time on a model, whose arithmetic uses every core anyway: interactive ones before background ones, each kind in the order of
/// its coming. While both wait, background work still gets about a quarter of the time, so that it is never starved.
/// </summary>
internal sealed class EngineGate(TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly object _lock = new();              // Monitor's, for its wait and pulse
    private readonly LinkedList<Turn> _interactive = new();
    private readonly LinkedList<Turn> _background = new();
    private readonly BackgroundShare _share = new(time ?? TimeProvider.System);
    private Turn? _running;

    /// <summary>Callers that stand in line.</summary>
    public int Waiting
    {
        get { lock (_lock) return _interactive.Count + _background.Count; }
    }

    /// <summary>Blocks until the engine is this caller's, who must dispose the turn when its batch is done.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited.</exception>
    public IDisposable Enter(EnginePriority priority, CancellationToken cancellation = default)
    {
        var turn = new Turn(this, priority);
        using var wake = cancellation.UnsafeRegister(_ => Wake(), null);
        lock (_lock)
        {
            Line(priority).AddLast(turn);
            if (_running is null) Grant();
            while (_running != turn)
            {
                if (cancellation.IsCancellationRequested)
                {
                    Line(priority).Remove(turn);
                    throw new OperationCanceledException(cancellation);
                }

                Monitor.Wait(_lock);
            }
        }

        return turn;
    }

    private void Wake()
    {
        lock (_lock) Monitor.PulseAll(_lock);
    }

    private void Leave(Turn turn)
    {
        lock (_lock)
        {
            if (_running != turn) return;       // disposed twice
            if (turn.Priority == EnginePriority.Background) _share.Took(turn.Began);
            _running = null;
            Grant();
        }
    }

    /// <summary>To the next in line. Decided once, when the engine becomes free: those who wait only look whether they are it.</summary>
    private void Grant()
    {
        var line = _interactive.Count == 0 || (_background.Count > 0 && _share.IsDue) ? _background : _interactive;
        if (line.First is not { } first) return;
        line.RemoveFirst();
        _running = first.Value;
        _running.Began = _time.GetTimestamp();
        Monitor.PulseAll(_lock);
    }

    private LinkedList<Turn> Line(EnginePriority priority) => priority == EnginePriority.Interactive ? _interactive : _background;

    private sealed class Turn(EngineGate gate, EnginePriority priority) : IDisposable
    {
        public EnginePriority Priority => priority;
        public long Began { get; set; }

        public void Dispose() => gate.Leave(this);
    }
}
