using System.Diagnostics.CodeAnalysis;
using RtMatching.Core.Evaluation.Data;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Evaluation;

/// <summary>
/// Semantic similarity as MTEB's STS tasks define it: Spearman's correlation of the vectors' cosine with the score, Pearson's beside it;
/// for labels 0 and 1 also what MTEB's pair classification reports.
/// </summary>
public sealed class SimilarityTask : LabelledTask
{
    private readonly TextPair[] _pairs;
    private readonly double[] _scores;

    /// <param name="sided">The first text of each pair is the query, the second the document; otherwise the two are alike.</param>
    [SetsRequiredMembers]
    public SimilarityTask(string name, IReadOnlyList<ScoredTexts> pairs, bool sided = false)
    {
        var index = new TextIndex();
        var (first, second) = sided ? (RefinedSide.Query, RefinedSide.Document) : (RefinedSide.Both, RefinedSide.Both);
        _pairs = [.. pairs.Select(pair => new TextPair(index.Of(pair.First, first), index.Of(pair.Second, second), pair.Score))];
        _scores = [.. _pairs.Select(pair => pair.Score)];
        (Name, Texts) = (name, index.Texts);
    }

    public override int Units => _pairs.Length;
    public override string Metric => "spearman";
    public override double Scale => 100;
    public override IReadOnlyList<TextPair> Pairs => _pairs;

    public override Judgement Judge(IReadOnlyList<float[]> vectors)
    {
        var cosines = PairJudgement.Cosines(_pairs, vectors);
        return new PairJudgement(_pairs.Length, new WeightedSpearman(cosines, _scores).Score, () => Metrics(cosines));
    }

    private IReadOnlyList<(string, double)> Metrics(double[] cosines)
    {
        var correlations = PairJudgement.Correlations(cosines, _scores);
        return Scores.AreBinary(_scores)
            ? [.. correlations, .. PairJudgement.Classification(cosines, [.. _scores.Select(score => score == 1)])]
            : correlations;
    }
}
