using System.Globalization;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>Judges sweeps of a task into what is printed and written.</summary>
public static class TaskReport
{
    /// <summary>Below so many units an interval is so wide that a reader must be told.</summary>
    private const int SmallSample = 500;

    /// <param name="kind"><c>sts</c>, <c>retrieval</c> or <c>jd2cv</c>.</param>
    /// <param name="notes">Of the data; those of the figures are added.</param>
    public static EvaluationReport Of(
        string kind, LabelledTask task, IReadOnlyList<Sweep> sweeps, LanguageModel model, IReadOnlyList<string> notes,
        CancellationToken cancellation = default) =>
        Of(kind, task, [.. sweeps.Select(sweep => CurveOf(task, sweep, cancellation))], model, notes);

    /// <param name="curves">Judged already.</param>
    public static EvaluationReport Of(string kind, LabelledTask task, IReadOnlyList<Curve> curves, LanguageModel model, IReadOnlyList<string> notes) => new(
        kind, task.Name, task.Units, task.UnitName, task.Metric, task.Scale, model.Name, model.WeightsHash, DateTimeOffset.UtcNow, curves,
        [.. notes, .. Sampling(task, curves), .. Cuts(task, curves)]);

    /// <summary>What a stop rule would save and cost, found in a sweep's traces; null where the configuration takes no passes.</summary>
    public static string? Stopping(LabelledTask task, Sweep sweep, StopRule rule, CancellationToken cancellation = default)
    {
        if (sweep.Passes < 2) return null;
        var passes = sweep.PassesUnder(rule);
        Judgement[] judged = [task.Judge(sweep.At(1)), task.Judge(sweep.At(sweep.Passes)), task.Judge(sweep.At(passes))];
        var scores = ResampledScores.Draw(judged, cancellation: cancellation);
        var most = sweep.Texts.Average(text => text.Vectors.Count);
        return string.Create(CultureInfo.InvariantCulture,
            $"{sweep.Configuration} under the stop rule: {passes.Average():F2} passes a text instead of {most:F2}, {task.Metric} {Value(scores.Score(2))}; ") +
            $"against all passes {Signed(scores.Difference(1, 2))}, against k = 1 {Signed(scores.Difference(0, 2))}";

        string Value(double score) => (score * task.Scale).ToString(task.Scale == 1 ? "F4" : "F2", CultureInfo.InvariantCulture);
        string Signed(BootstrapInterval difference) =>
            $"{(difference.Mean < 0 ? "" : "+")}{Value(difference.Mean)} [{Value(difference.Low)}, {Value(difference.High)}]";
    }

    private static Curve CurveOf(LabelledTask task, Sweep sweep, CancellationToken cancellation)
    {
        var judged = Enumerable.Range(1, sweep.Passes).Select(k => task.Judge(sweep.At(k))).ToList();
        var points = PairedBootstrap.Points(judged, cancellation: cancellation);
        return CurveOf(sweep, sweep.Configuration, task is RetrievalTask retrieval ? WithNeighbours(retrieval, sweep, points, cancellation) : points);
    }

    /// <param name="points">Of the sweep, judged already.</param>
    internal static Curve CurveOf(Sweep sweep, string name, IReadOnlyList<CurvePoint> points)
    {
        double? speed = sweep.ComputedTokens == 0 ? null : sweep.ComputedTokens / sweep.Elapsed.TotalSeconds;
        return new Curve(name, sweep.Texts.Sum(text => (long)text.Tokens), speed, sweep.Texts.Count(text => text.Truncated), points);
    }

    /// <summary>Beside the metrics, the share of each query's nearest documents that the pass before had too: it says when a ranking has settled.</summary>
    private static IReadOnlyList<CurvePoint> WithNeighbours(
        RetrievalTask task, Sweep sweep, IReadOnlyList<CurvePoint> points, CancellationToken cancellation)
    {
        int[] documents = [.. task.DocumentTexts.Distinct()];
        if (sweep.Passes < 2 || documents.Length <= task.K) return points;
        var stability = NeighbourStability.Measure(sweep, task.K, threshold: 1, documents, [.. task.QueryTexts.Distinct()], cancellation);
        return
        [
            .. points.Select(point => point with
            {
                Metrics = [.. point.Metrics, ($"kept@{task.K}", point.K == 1 ? double.NaN : stability.MeanOverlap(point.K))],
            }),
        ];
    }

    private static IEnumerable<string> Sampling(LabelledTask task, IReadOnlyList<Curve> curves)
    {
        if (task.Units >= SmallSample || curves.Count == 0 || curves[0].Points[0].Score is not { } score) yield break;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"a small sample: over {task.Units:N0} {task.UnitName} the standard error of {task.Metric} is about {score.StandardError * task.Scale:G2}");
    }

    private static IEnumerable<string> Cuts(LabelledTask task, IReadOnlyList<Curve> curves) => curves
        .Where(curve => curve.Truncated > 0)
        .Select(curve => string.Create(CultureInfo.InvariantCulture,
            $"{curve.Configuration}: {curve.Truncated:N0} of {task.Texts.Count:N0} texts were cut at the model's window or --max-tokens"));
}
