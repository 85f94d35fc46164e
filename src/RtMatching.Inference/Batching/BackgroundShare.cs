namespace RtMatching.Inference.Batching;

/// <summary>
/// Whose batch is next where both kinds of work wait: interactive work goes first, and yet background work gets about a quarter of the
/// time, so that it is never starved. Not safe for several threads at once.
/// </summary>
internal sealed class BackgroundShare(TimeProvider time)
{
    /// <summary>For so many times its last batch's duration, background work stands back.</summary>
    private const int StandsBack = 3;

    private TimeSpan _took;
    private long? _ended;

    /// <summary>It has stood back long enough.</summary>
    public bool IsDue => _ended is not { } ended || time.GetElapsedTime(ended) >= StandsBack * _took;

    /// <summary>A background batch is done.</summary>
    /// <param name="began">The time's timestamp.</param>
    public void Took(long began) => (_ended, _took) = (time.GetTimestamp(), time.GetElapsedTime(began));
}
