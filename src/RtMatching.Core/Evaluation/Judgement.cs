namespace RtMatching.Core.Evaluation;

/// <summary>
/// How well one set of vectors does at a task, in a form that can be resampled: the task's units (pairs or queries) may each be counted
/// any number of times, so that two judgements of the same task are compared on the same resamples.
/// </summary>
public abstract class Judgement
{
    /// <summary>What can be resampled: pairs, or queries.</summary>
    public abstract int Units { get; }

    /// <summary>The task's main metric with unit i counted counts[i] times; NaN where it is undefined on them (one label only). May be called from several threads at once.</summary>
    public abstract double Score(ReadOnlySpan<int> counts);

    /// <summary>The main metric, every unit counted once.</summary>
    public double Score()
    {
        Span<int> once = new int[Units];
        once.Fill(1);
        return Score(once);
    }

    /// <summary>Every metric of the task by its name, the main one first.</summary>
    public abstract IReadOnlyList<(string Metric, double Value)> Metrics { get; }
}
