using RtMatching.Inference.Pooling;

namespace RtMatching.Core.Evaluation;

/// <summary>Figures that others published: shown beside ours, never among them.</summary>
/// <param name="Task">As the paper calls it.</param>
/// <param name="Model">That the figures are of.</param>
/// <param name="Values">Spearman x 100 for k = 1, 2, ..</param>
public sealed record PublishedCurve(string Task, string Model, IReadOnlyList<double> Values)
{
    /// <summary>What must stand wherever the figures do.</summary>
    public string Caption => $"published for {Model} ({Task}), Spearman x 100: not measured here";
}

/// <summary>
/// The curves that the paper on Refined Thought gives for Qwen3-Embedding-8B. PAWSX and STSB are C-MTEB's Chinese sets; the pairs of JD2CV
/// are not public, so figures on other pairs are only of the same kind of task.
/// </summary>
public static class PublishedCurves
{
    private const string Model = "Qwen3-Embedding-8B";

    public static readonly PublishedCurve Pawsx = new("PAWSX, Chinese", Model, [54.37, 53.79, 52.94]);
    public static readonly PublishedCurve Stsb = new("STSB, Chinese", Model, [86.27, 86.30, 86.36, 86.48, 86.57, 86.59, 86.49]);
    public static readonly PublishedCurve JobToCv =
        new("JD2CV, the paper's own pairs", Model, [62.75, 65.86, 68.54, 70.56, 72.59, 73.49, 74.86, 75.9, 75.9, 75.09, 74.85, 74.59]);

    /// <summary>What a file looks like: C-MTEB's sets are PAWS-X and CNSD's STS benchmark, in Chinese; null for others.</summary>
    public static PublishedCurve? For(Data.PairFile file) => file.Format switch
    {
        Data.PairFormat.StsbZh => Stsb,
        Data.PairFormat.Pawsx when file.Pairs.Take(LookedAt).Any(pair => Prompt.HasChinese(pair.First)) => Pawsx,
        _ => null,
    };

    private const int LookedAt = 20;

    public static readonly IReadOnlyDictionary<string, PublishedCurve> ByName =
        new Dictionary<string, PublishedCurve>(StringComparer.OrdinalIgnoreCase) { ["pawsx"] = Pawsx, ["stsb"] = Stsb, ["jd2cv"] = JobToCv };
}
