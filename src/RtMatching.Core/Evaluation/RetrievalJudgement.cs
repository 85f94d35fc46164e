namespace RtMatching.Core.Evaluation;

/// <summary>How one query's ranking is.</summary>
internal readonly record struct QueryMetrics(double Ndcg, double AveragePrecision, double ReciprocalRank, double Recall, double Precision);

/// <summary>Rankings for queries; every metric is a mean over them.</summary>
internal sealed class RetrievalJudgement(IReadOnlyList<QueryMetrics> queries, int k) : Judgement
{
    private readonly MeanJudgement _main = new([.. queries.Select(query => query.Ndcg)]);

    public override int Units => queries.Count;

    public override double Score(ReadOnlySpan<int> counts) => _main.Score(counts);

    public override IReadOnlyList<(string Metric, double Value)> Metrics { get; } =
    [
        ($"ndcg@{k}", queries.Average(query => query.Ndcg)), ("map", queries.Average(query => query.AveragePrecision)),
        ("mrr", queries.Average(query => query.ReciprocalRank)), ($"recall@{k}", queries.Average(query => query.Recall)),
        ($"precision@{k}", queries.Average(query => query.Precision)),
    ];
}
