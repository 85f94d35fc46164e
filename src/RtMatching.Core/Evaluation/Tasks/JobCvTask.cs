using System.Diagnostics.CodeAnalysis;
using RtMatching.Core.Evaluation.Data;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Evaluation;

/// <summary>
/// Jobs and CVs that people have said to match: Spearman's correlation of cosine and score where scores are grades, the area under the ROC
/// curve where they are yes and no; beside it the mean nDCG of each job's ranking of its CVs, or of the CV's ranking of its jobs where jobs
/// have one CV each.
/// </summary>
public sealed class JobCvTask : LabelledTask
{
    private readonly TextPair[] _pairs;
    private readonly double[] _scores;
    private readonly bool[]? _labels;       // null where scores are grades
    private readonly int[][] _rankings;     // pairs whose order can be right or wrong, by job or by CV
    private readonly string _ranked;

    [SetsRequiredMembers]
    public JobCvTask(JobPairs data)
    {
        var index = new TextIndex();
        _pairs = [.. data.Pairs.Select(pair => new TextPair(index.Of(pair.Job, RefinedSide.Query), index.Of(pair.Cv, RefinedSide.Document), pair.Score))];
        _scores = [.. _pairs.Select(pair => pair.Score)];
        _labels = Scores.AreBinary(_scores) ? [.. _scores.Select(score => score == 1)] : null;
        var byJob = Rankings(pair => pair.First, pair => pair.Second);
        (_ranked, _rankings) = byJob.Length > 0 ? ("job", byJob) : ("cv", Rankings(pair => pair.Second, pair => pair.First));
        (Name, Texts) = (data.Name, index.Texts);
    }

    /// <summary>Scores are yes and no.</summary>
    public bool IsBinary => _labels is not null;

    public override int Units => _pairs.Length;
    public override IReadOnlyList<TextPair> Pairs => _pairs;
    public override string Metric => IsBinary ? "auc" : "spearman";
    public override double Scale => IsBinary ? 1 : 100;

    public override Judgement Judge(IReadOnlyList<float[]> vectors)
    {
        var cosines = PairJudgement.Cosines(_pairs, vectors);
        ResampledMetric main = _labels is null ? new WeightedSpearman(cosines, _scores).Score : new WeightedAuc(cosines, _labels).Score;
        return new PairJudgement(_pairs.Length, main, () => Metrics(cosines));
    }

    private IReadOnlyList<(string, double)> Metrics(double[] cosines)
    {
        List<(string, double)> metrics = _labels is null
            ? [.. PairJudgement.Correlations(cosines, _scores)]
            : [(Metric, Agreement.Auc(cosines, _labels)), .. PairJudgement.Classification(cosines, _labels)];
        if (_rankings.Length > 0) metrics.Add(($"ndcg per {_ranked}", _rankings.Average(ranking => Ndcg(ranking, cosines))));
        return metrics;
    }

    /// <summary>Over all places: a job has few judged CVs.</summary>
    private double Ndcg(int[] ranking, double[] cosines) =>
        RankingMetrics.NdcgAt([.. ranking.OrderByDescending(pair => cosines[pair]).Select(pair => _scores[pair])], ranking.Length);

    /// <summary>
    /// Those of different texts with different scores, none below 0: of the others every order is as good, or has no nDCG.
    /// </summary>
    private int[][] Rankings(Func<TextPair, int> by, Func<TextPair, int> of) =>
    [
        .. _pairs.Select((pair, i) => (By: by(pair), Index: i)).GroupBy(pair => pair.By, pair => pair.Index).Select(group => group.ToArray())
            .Where(group => group.Select(pair => of(_pairs[pair])).Distinct().Count() > 1)
            .Where(group => group.Select(pair => _scores[pair]).Distinct().Count() > 1 && group.All(pair => _scores[pair] >= 0)),
    ];
}
