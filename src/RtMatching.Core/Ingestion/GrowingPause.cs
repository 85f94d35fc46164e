namespace RtMatching.Core.Ingestion;

/// <summary>How long what has failed several times in a row is let alone: twice as long each time.</summary>
internal readonly record struct GrowingPause(TimeSpan First, TimeSpan Longest)
{
    /// <summary>After a failure of something as a whole: a model that is missing, a station whose engine is gone.</summary>
    public static GrowingPause OfFailures { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    /// <param name="failures">In a row, from 1.</param>
    public TimeSpan After(int failures) => TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(failures - 1, 16)));
}
