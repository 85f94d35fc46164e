using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using RtMatching.Core.Evaluation.Data;
using RtMatching.Core.Profiles;

namespace RtMatching.Core.Evaluation;

/// <summary>What a grade is worth at a place of the ranking.</summary>
public enum Gain
{
    /// <summary>The grade itself, as trec_eval has it.</summary>
    Linear,

    /// <summary>2^grade - 1 (Burges et al., 2005).</summary>
    Exponential,
}

/// <summary>
/// Ranking documents for queries by cosine: nDCG at k, and beside it MAP and MRR over the whole ranking, recall and precision at k. Equal
/// cosines stand in the corpus's order. Units are queries; the metrics are means over them.
/// </summary>
public sealed class RetrievalTask : LabelledTask
{
    private readonly RetrievalData _data;
    private readonly int[] _documents;      // the text of each document
    private readonly int[] _queries;        // the text of each query
    private readonly Gain _gain;

    /// <param name="sided">Queries get passes or an instruction that documents do not.</param>
    [SetsRequiredMembers]
    public RetrievalTask(RetrievalData data, int k = 10, Gain gain = Gain.Linear, bool sided = false)
    {
        (_data, K, _gain) = (data, k, gain);
        var index = new TextIndex();
        _documents = [.. data.Documents.Select(text => index.Of(text, sided ? RefinedSide.Document : RefinedSide.Both))];
        _queries = [.. data.Queries.Select(query => index.Of(query.Text, sided ? RefinedSide.Query : RefinedSide.Both))];
        (Name, Texts) = (data.Name, index.Texts);
    }

    /// <summary>What was left out of the data.</summary>
    public IReadOnlyList<string> Notes => _data.Notes;

    /// <summary>Places looked at.</summary>
    public int K { get; }

    public override int Units => _queries.Length;
    public override string UnitName => "queries";
    public override string Metric => $"ndcg@{K}";
    public override double Scale => 1;

    /// <summary>Texts that can be found. (documents)</summary>
    public IReadOnlyList<int> DocumentTexts => _documents;

    /// <summary>Texts that are asked for. (queries)</summary>
    public IReadOnlyList<int> QueryTexts => _queries;

    public override Judgement Judge(IReadOnlyList<float[]> vectors)
    {
        var judged = new QueryMetrics[_queries.Length];
        Parallel.For(0, judged.Length, () => new ulong[_documents.Length], (query, _, order) =>
        {
            judged[query] = Judge(_data.Queries[query], vectors[_queries[query]], vectors, order);
            return order;
        }, _ => { });
        return new RetrievalJudgement(judged, K);
    }

    private QueryMetrics Judge(RetrievalQuery query, float[] vector, IReadOnlyList<float[]> vectors, ulong[] order)
    {
        for (var document = 0; document < order.Length; document++)
            order[document] = Place(TensorPrimitives.Dot<float>(vector, vectors[_documents[document]]), document);
        Array.Sort(order);
        var ranked = order.Select(place => (int)(uint)place).Where(document => document != query.Itself);
        double[] grades = [.. ranked.Select(document => query.Relevant.GetValueOrDefault(document))];
        bool[] relevant = [.. grades.Select(grade => grade > 0)];
        double[] all = [.. query.Relevant.Where(grade => grade.Key != query.Itself).Select(grade => grade.Value).Concat(query.Missing).Select(Worth)];
        return new QueryMetrics(
            RankingMetrics.NdcgAt([.. grades.Take(K).Select(Worth)], K, all),
            RankingMetrics.AveragePrecision(relevant, all.Length),
            RankingMetrics.ReciprocalRank(relevant),
            RankingMetrics.RecallAt(relevant, K, all.Length),
            RankingMetrics.PrecisionAt(relevant, K));
    }

    private double Worth(double grade) => _gain == Gain.Linear ? grade : Math.Pow(2, grade) - 1;

    /// <summary>Sorts by descending cosine, then by index: the bits of a float, made to ascend, with the index behind them.</summary>
    private static ulong Place(float cosine, int document)
    {
        var bits = BitConverter.SingleToUInt32Bits(cosine + 0f);    // -0 is 0
        var ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)~ascending << 32) | (uint)document;
    }
}
