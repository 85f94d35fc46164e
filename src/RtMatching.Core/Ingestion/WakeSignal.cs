namespace RtMatching.Core.Ingestion;

/// <summary>Wakes a loop that polls before its time. Set while the loop works, it makes the next wait end at once; set twice is set once.</summary>
internal sealed class WakeSignal
{
    private readonly SemaphoreSlim _set = new(0, 1);

    public void Set()
    {
        try
        {
            _set.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is being woken already.
        }
    }

    /// <summary>Until it is set, or so long.</summary>
    public Task WaitAsync(TimeSpan longest, CancellationToken cancellation) => _set.WaitAsync(longest, cancellation);
}
