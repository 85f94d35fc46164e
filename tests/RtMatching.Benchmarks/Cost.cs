using System.Diagnostics;

namespace RtMatching.Benchmarks;

/// <summary>What something took: by the clock, and in processor time, which hardly minds neighbours.</summary>
/// <param name="Processor">Seconds of all cores together.</param>
internal sealed record Cost(double Seconds, double Processor)
{
    public static Cost Of(Action action)
    {
        var (start, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        action();
        return new Cost(Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    public static double Median(List<Cost> costs, Func<Cost, double> of) => costs.Select(of).Order().ElementAt(costs.Count / 2);
}
