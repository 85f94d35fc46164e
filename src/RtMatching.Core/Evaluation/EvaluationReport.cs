namespace RtMatching.Core.Evaluation;

/// <summary>What one evaluation found, as it is printed and written to files.</summary>
/// <param name="Task"><c>sts</c>, <c>retrieval</c> or <c>jd2cv</c>.</param>
/// <param name="DataSet">The labelled file's name.</param>
/// <param name="Units">How many pairs or queries the error bars are over.</param>
/// <param name="UnitName"><c>pairs</c> or <c>queries</c>.</param>
/// <param name="Metric">The main one, which the intervals are of.</param>
/// <param name="Scale">What values of the main metric are multiplied by in print.</param>
/// <param name="Notes">What a reader must know to read the figures rightly, such as a small sample.</param>
public sealed record EvaluationReport(
    string Task, string DataSet, int Units, string UnitName, string Metric, double Scale, string Model, string WeightsHash, DateTimeOffset Made,
    IReadOnlyList<Curve> Curves, IReadOnlyList<string> Notes)
{
    /// <summary>What others published for this kind of data; null where nothing is comparable.</summary>
    public PublishedCurve? Published { get; init; }
}

/// <summary>The score over k of one configuration.</summary>
/// <param name="Tokens">Tokens of all texts, pass 1.</param>
/// <param name="TokensPerSecond">Of pass 1's tokens while every pass was run; null where the vectors came from the cache.</param>
/// <param name="Truncated">Texts that were cut.</param>
public sealed record Curve(string Configuration, long Tokens, double? TokensPerSecond, int Truncated, IReadOnlyList<CurvePoint> Points);

/// <param name="Metrics">By name, the main one first; not scaled.</param>
/// <param name="AgainstFirst">The main metric's difference to k = 1; null at k = 1.</param>
public sealed record CurvePoint(int K, IReadOnlyList<(string Metric, double Value)> Metrics, BootstrapInterval? AgainstFirst)
{
    /// <summary>The main metric with its own interval; null where it was not resampled.</summary>
    public BootstrapInterval? Score { get; init; }

    /// <summary>As <see cref="AgainstFirst"/>, with an interval that holds for all k at once.</summary>
    public BootstrapInterval? AgainstFirstAtOnce { get; init; }
}
