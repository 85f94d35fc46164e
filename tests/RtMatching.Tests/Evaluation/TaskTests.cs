using RtMatching.Core.Evaluation;
using RtMatching.Core.Evaluation.Data;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Evaluation;

/// <summary>Tasks judged on vectors made by hand: angles in a plane.</summary>
public class TaskTests
{
    [Fact]
    public void Similarity_of_graded_pairs()
    {
        var task = new SimilarityTask("made up", [new("a", "b", 5), new("a", "c", 2), new("b", "c", 3), new("c", "d", 0)]);
        Assert.Equal(["a", "b", "c", "d"], task.Texts.Select(text => text.Text));
        Assert.All(task.Texts, text => Assert.Equal(RefinedSide.Both, text.Side));
        var judged = task.Judge([At(0), At(10), At(35), At(80)]);

        // cosines of 10, 35, 25 and 45 degrees against 5, 2, 3, 0: the same order
        Assert.Equal(1, judged.Score(), 12);
        Assert.Equal(["spearman", "pearson"], judged.Metrics.Select(metric => metric.Metric));
        Assert.Equal(1, task.Judge([At(0), At(10), At(35), At(36)]).Score([1, 1, 1, 0]), 12);      // without the pair that is out of order
        Assert.True(double.IsNaN(judged.Score([0, 5, 0, 0])));
    }

    [Fact]
    public void Labels_bring_pair_classification()
    {
        var task = new SimilarityTask("made up", [new("a", "b", 1), new("a", "c", 0), new("b", "c", 1), new("c", "d", 0)], sided: true);
        Assert.Equal(6, task.Texts.Count);      // b and c are first and second
        var angles = new Dictionary<string, int> { ["a"] = 0, ["b"] = 10, ["c"] = 35, ["d"] = 80 };
        var judged = task.Judge([.. task.Texts.Select(text => At(angles[text.Text]))]);
        Assert.Equal(["spearman", "pearson", "average precision", "accuracy", "f1"], judged.Metrics.Select(metric => metric.Metric));
        Assert.All(judged.Metrics.Skip(2), metric => Assert.Equal(1, metric.Value, 12));
    }

    [Fact]
    public void Retrieval_by_hand()
    {
        // Query at 0 degrees; documents at 5, 20, 10, 40: ranking 0, 2, 1, 3. Relevant: 2 with grade 3, 3 with grade 1, one that is missing with grade 1.
        var data = new RetrievalData("made up", ["d0", "d1", "d2", "d3"],
            [new RetrievalQuery("q", new Dictionary<int, double> { [2] = 3, [3] = 1 }, null, [1])], []);
        var task = new RetrievalTask(data, k: 2);
        float[][] vectors = [At(5), At(20), At(10), At(40), At(0)];
        var metrics = task.Judge(vectors).Metrics.ToDictionary(metric => metric.Metric, metric => metric.Value);
        Assert.Equal(3 / Math.Log2(3) / (3 + 1 / Math.Log2(3)), metrics["ndcg@2"], 12);
        Assert.Equal((1.0 / 2 + 2.0 / 4) / 3, metrics["map"], 12);
        Assert.Equal(0.5, metrics["mrr"], 12);
        Assert.Equal(1.0 / 3, metrics["recall@2"], 12);
        Assert.Equal(0.5, metrics["precision@2"], 12);
        var exponential = new RetrievalTask(data, k: 2, Gain.Exponential).Judge(vectors);
        Assert.Equal(7 / Math.Log2(3) / (7 + 1 / Math.Log2(3)), exponential.Score(), 12);
    }

    [Fact]
    public void A_query_does_not_find_itself_and_equal_cosines_keep_the_corpus_order()
    {
        var relevant = new Dictionary<int, double> { [0] = 1, [2] = 1 };
        var data = new RetrievalData("made up", ["a", "b", "c"], [new("a", relevant, 0, []), new("c", relevant, 2, [])], []);
        var task = new RetrievalTask(data, k: 1);
        Assert.Equal(3, task.Texts.Count);
        var judged = task.Judge([At(0), At(30), At(30)]);
        Assert.Equal(0, judged.Score([1, 0]));          // b stands before c, both at 30 degrees
        Assert.Equal(0, judged.Score([0, 1]));
        Assert.Equal(0.5, task.Judge([At(0), At(31), At(30)]).Score(), 12);
        Assert.Equal(("queries", 2), (task.UnitName, task.Units));
    }

    [Fact]
    public void Jobs_and_cvs_with_grades()
    {
        var task = new JobCvTask(new JobPairs("made up", [new("j1", "c1", 3), new("j1", "c2", 1), new("j2", "c1", 2), new("j2", "c2", 2)]));
        Assert.Equal(("spearman", 100.0, false), (task.Metric, task.Scale, task.IsBinary));
        Assert.Equal([RefinedSide.Query, RefinedSide.Document, RefinedSide.Document, RefinedSide.Query], task.Texts.Select(text => text.Side));
        var judged = task.Judge([At(0), At(40), At(10), At(0)]);     // j1, c1, c2, j2
        var metrics = judged.Metrics.ToDictionary(metric => metric.Metric, metric => metric.Value);

        // scipy.stats.spearmanr([0.766, 0.985, 0.766, 0.985], [3, 1, 2, 2])
        Assert.Equal(-0.7071067811865475, metrics["spearman"], 6);

        // only j1's order can be wrong, and is: 1 + 3 / log2(3) over 3 + 1 / log2(3)
        Assert.Equal((1 + 3 / Math.Log2(3)) / (3 + 1 / Math.Log2(3)), metrics["ndcg per job"], 6);
    }

    [Fact]
    public void One_cv_with_labels_is_a_ranking_of_jobs()
    {
        var task = new JobCvTask(new JobPairs("made up", [new("j1", "cv", 1), new("j2", "cv", 0), new("j3", "cv", 1)]));
        Assert.Equal(("auc", 1.0, true), (task.Metric, task.Scale, task.IsBinary));
        var judged = task.Judge([At(0), At(10), At(20), At(30)]);    // j1, cv, j2, j3: cosines of 10, 10 and 20 degrees
        var metrics = judged.Metrics.ToDictionary(metric => metric.Metric, metric => metric.Value);
        Assert.Equal(0.25, metrics["auc"], 6);
        Assert.True(metrics.ContainsKey("ndcg per cv"));
        Assert.True(double.IsNaN(judged.Score([1, 0, 1])));
    }

    private static float[] At(double degrees) => [(float)Math.Cos(degrees * Math.PI / 180), (float)Math.Sin(degrees * Math.PI / 180)];
}
