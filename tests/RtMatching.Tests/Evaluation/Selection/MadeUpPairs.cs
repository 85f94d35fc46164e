using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Refinement;

namespace RtMatching.Tests.Evaluation.Selection;

/// <summary>Labelled pairs whose texts are never embedded: their vectors are made so that each pair has the cosine asked for.</summary>
internal sealed class MadeUpPairs : LabelledTask
{
    private readonly double[] _labels;

    [SetsRequiredMembers]
    public MadeUpPairs(double[] labels)
    {
        _labels = labels;
        Name = "made-up";
        Texts = [.. labels.SelectMany((_, i) => new[] { new TaskText($"query {i}", RefinedSide.Query), new TaskText($"document {i}", RefinedSide.Document) })];
    }

    public IReadOnlyList<double> Labels => _labels;

    public override int Units => _labels.Length;
    public override string Metric => "pearson";
    public override double Scale => 100;

    public override Judgement Judge(IReadOnlyList<float[]> vectors) => new WeightedPearson(
        [.. _labels.Select((_, i) => (double)TensorPrimitives.Dot<float>(vectors[2 * i], vectors[2 * i + 1]))], _labels);

    /// <param name="cosine">Of pair and pass, from 0.</param>
    /// <param name="change">The relative change that the traces of both texts of a pair show at a pass, from 0; null for 0.1 everywhere.</param>
    public Sweep Sweep(int passes, Func<int, int, double> cosine, Func<int, int, float>? change = null, string name = "made-up") => new(
        name, [.. Enumerable.Range(0, 2 * _labels.Length).Select(text => Swept(text, passes, cosine, change ?? ((_, _) => 0.1f)))], TimeSpan.Zero, 0);

    private static SweptText Swept(int text, int passes, Func<int, int, double> cosine, Func<int, int, float> change)
    {
        var vectors = Enumerable.Range(0, passes).Select(k => text % 2 == 0 ? [1, 0] : Vector(cosine(text / 2, k))).ToArray();
        var traces = Enumerable.Range(0, passes).Select(k => new PassTrace(1, k == 0 ? 0 : change(text / 2, k), k < 2 ? 0 : change(text / 2, k), 1, 0.5f)).ToArray();
        return new SweptText(10 + text % 7, false, vectors, traces);
    }

    private static float[] Vector(double cosine) => [(float)cosine, (float)Math.Sqrt(1 - cosine * cosine)];

    public static double[] Uniform(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];
}
