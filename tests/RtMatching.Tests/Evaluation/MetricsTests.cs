using RtMatching.Core.Evaluation;

namespace RtMatching.Tests.Evaluation;

/// <summary>Values computed by hand, or by scipy where its name stands.</summary>
public class MetricsTests
{
    private static readonly bool[] Relevant = [true, false, true, false, false, true];

    [Fact]
    public void PrecisionAndRecall()
    {
        Assert.Equal(2.0 / 3, RankingMetrics.PrecisionAt(Relevant, 3), 12);
        Assert.Equal(0.3, RankingMetrics.PrecisionAt(Relevant, 10), 12);
        Assert.Equal(0.5, RankingMetrics.RecallAt(Relevant, 3, 4), 12);
        Assert.Equal(0, RankingMetrics.RecallAt(Relevant, 3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.PrecisionAt(Relevant, 0));
    }

    [Fact]
    public void MeanAveragePrecisionAndReciprocalRank()
    {
        Assert.Equal((1.0 + 2.0 / 3 + 3.0 / 6) / 4, RankingMetrics.AveragePrecision(Relevant, 4), 12);
        Assert.Equal(0.25, RankingMetrics.ReciprocalRank([false, false, false, true]), 12);
        Assert.Equal(0, RankingMetrics.ReciprocalRank([false]));
    }

    [Fact]
    public void Ndcg()
    {
        // DCG 6.861 over the ideal 7.141, the textbook example
        Assert.Equal(0.9608081943360616, RankingMetrics.NdcgAt([3, 2, 3, 0, 1, 2], 6), 9);
        Assert.Equal((3 + 2 / Math.Log2(3) + 1.5) / (3 + 3 / Math.Log2(3) + 1), RankingMetrics.NdcgAt([3, 2, 3, 0, 1, 2], 3), 12);
        Assert.Equal(1 / Math.Log2(3) / (1 + 1 / Math.Log2(3)), RankingMetrics.NdcgAt([0, 1], 2, [1, 0, 1]), 12);
        Assert.Equal(0, RankingMetrics.NdcgAt([0, 0], 2));
    }

    [Fact]
    public void AreaUnderTheCurve()
    {
        // By counting pairs: 3 of 4; all ties; 3 and a tie of 4
        Assert.Equal(0.75, Agreement.Auc([0.1, 0.4, 0.35, 0.8], [false, false, true, true]), 12);
        Assert.Equal(0.5, Agreement.Auc([1, 1, 1], [true, false, true]), 12);
        Assert.Equal(0.875, Agreement.Auc([1, 2, 2, 3], [false, false, true, true]), 12);
        Assert.Throws<ArgumentException>(() => Agreement.Auc([1, 2], [true, true]));
    }

    [Fact]
    public void Spearman()
    {
        // scipy.stats.spearmanr
        Assert.Equal(0.8207826816681233, Agreement.Spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]), 12);
        Assert.Equal(0.9486832980505138, Agreement.Spearman([1, 2, 2, 3], [1, 2, 3, 4]), 12);
        Assert.Equal(-1, Agreement.Spearman([1, 2, 3], [9, 8, 7]), 12);
        Assert.True(double.IsNaN(Agreement.Spearman([1, 1], [1, 2])));
        Assert.Throws<ArgumentException>(() => Agreement.Spearman([1], [1, 2]));
    }

    [Fact]
    public void PairedBootstrapTellsADifferenceFromLuck()
    {
        var random = new Random(2);
        var a = Enumerable.Range(0, 400).Select(_ => random.NextDouble()).ToArray();
        var noise = PairedBootstrap.Compare(a, [.. a.Select(value => value + random.NextDouble() - 0.5)]);
        Assert.False(noise.IsClear);

        // The standard error of a mean of 400 uniform differences of width 1.
        Assert.InRange(noise.StandardError / Math.Sqrt(1.0 / 12 / 400), 0.9, 1.1);
        var b = a.Select(value => value + 0.05 + (random.NextDouble() - 0.5) / 2).ToArray();
        var better = PairedBootstrap.Compare(a, b);
        Assert.True(better.IsClear && better.Low < better.Mean && better.Mean < better.High);
        Assert.Equal(better, PairedBootstrap.Compare(a, b));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Compare([1], []));
    }

    [Fact]
    public void Bm25ByHand()
    {
        var bm25 = new Bm25(["The cat sat", "cat CAT dog!", "a bird"]);
        var scores = bm25.Score("cat cat unknown");
        var idf = Math.Log(1 + (3 - 2 + 0.5) / (2 + 0.5));
        var mean = 8.0 / 3;
        Assert.Equal(idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 3 / mean)), scores[0], 12);
        Assert.Equal(idf * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / mean)), scores[1], 12);
        Assert.Equal(0, scores[2]);
    }
}
