using System.Globalization;
using RtMatching.Inference.Model;

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

    private static Curve CurveOf(LabelledTask task, Sweep sweep, CancellationToken cancellation)
    {
        var judged = Enumerable.Range(1, sweep.Passes).Select(k => task.Judge(sweep.At(k))).ToList();
        return CurveOf(sweep, sweep.Configuration, PairedBootstrap.Points(judged, cancellation: cancellation));
    }

    /// <param name="points">Of the sweep, judged already.</param>
    internal static Curve CurveOf(Sweep sweep, string name, IReadOnlyList<CurvePoint> points)
    {
        double? speed = sweep.ComputedTokens == 0 ? null : sweep.ComputedTokens / sweep.Elapsed.TotalSeconds;
        return new Curve(name, sweep.Texts.Sum(text => (long)text.Tokens), speed, sweep.Texts.Count(text => text.Truncated), points);
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
