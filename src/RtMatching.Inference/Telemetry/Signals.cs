using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RtMatching.Inference.Telemetry;

/// <summary>
/// The one source of spans and the one meter of the whole program, both named <c>RtMatching</c>. They stand in the lowest project so that
/// the engine's batches are seen wherever they are run from; who exports them is decided far above.
/// </summary>
/// <remarks>Costs next to nothing while nobody listens: no span is made, and recording is a test of a flag.</remarks>
public static class Signals
{
    public const string Name = "RtMatching";

    private static readonly string? Version = typeof(Signals).Assembly.GetName().Version?.ToString(3);

    public static ActivitySource Source { get; } = new(Name, Version);
    public static Meter Meter { get; } = new(Name, Version);

    /// <summary>Bounds of durations, in seconds: from a cached look-up to a large model on a CPU.</summary>
    internal static InstrumentAdvice<double> Durations { get; } = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60],
    };

    /// <summary>
    /// Marks a span as failed by the exception's type. Its message stays out: an exception of a parser or of the database may quote what
    /// it choked on. Being cancelled is told, but is no error.
    /// </summary>
    public static void Fail(this Activity? activity, Exception exception)
    {
        if (activity is null) return;
        activity.SetTag("error.type", exception.GetType().FullName);
        if (exception is not OperationCanceledException) activity.SetStatus(ActivityStatusCode.Error);
    }
}
