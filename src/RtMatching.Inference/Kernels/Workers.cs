using System.Runtime.ExceptionServices;

namespace RtMatching.Inference.Kernels;

/// <summary>Runs a kernel's items on several cores. The caller's thread takes part, so a busy thread pool delays nothing.</summary>
internal sealed class Workers(int degree)
{
    /// <summary>Worker numbers are 0 .. Degree - 1.</summary>
    public int Degree { get; } = degree > 0 ? degree : throw new ArgumentOutOfRangeException(nameof(degree));

    /// <summary>
    /// Calls <paramref name="body"/> with (worker, item) for every item, in no order. Items are handed out one at a
    /// time, so that a slow core takes fewer; no two calls share a worker number at the same time.
    /// </summary>
    public void For(int items, Action<int, int> body)
    {
        var workers = Math.Min(Degree, items);
        if (workers <= 1)
        {
            for (var item = 0; item < items; item++) body(0, item);
            return;
        }

        var next = -1;
        try
        {
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
            {
                for (var item = Interlocked.Increment(ref next); item < items; item = Interlocked.Increment(ref next)) body(worker, item);
            });
        }
        catch (AggregateException errors)
        {
            // Callers know what an item throws (a weight file that lies, say), not that it ran on another thread.
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }
    }
}
