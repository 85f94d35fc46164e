using RtMatching.Core.Evaluation;

namespace RtMatching.Tests.Evaluation;

/// <summary>A resample counted and the same resample written out must score alike, whatever ties there are.</summary>
public class WeightedAgreementTests
{
    [Theory]
    [InlineData(1, 40, 1000)]
    [InlineData(2, 40, 4)]      // many ties
    [InlineData(3, 7, 2)]
    public void Spearman_counted_equals_Spearman_written_out(int seed, int size, int levels)
    {
        var random = new Random(seed);
        double[] a = [.. Draw(random, size, levels)], b = [.. Draw(random, size, levels)];
        var weighted = new WeightedSpearman(a, b);
        for (var resample = 0; resample < 50; resample++)
        {
            var counts = Counts(random, size);
            Assert.Equal(Agreement.Spearman(Written(a, counts), Written(b, counts)), weighted.Score(counts), 9);
        }
    }

    [Theory]
    [InlineData(4, 40, 1000)]
    [InlineData(5, 40, 3)]
    public void Auc_counted_equals_Auc_written_out(int seed, int size, int levels)
    {
        var random = new Random(seed);
        double[] scores = [.. Draw(random, size, levels)];
        bool[] labels = [.. scores.Select(_ => random.Next(3) == 0)];
        var weighted = new WeightedAuc(scores, labels);
        for (var resample = 0; resample < 50; resample++)
        {
            var counts = Counts(random, size);
            Assert.Equal(Agreement.Auc(Written(scores, counts), Written(labels, counts)), weighted.Score(counts), 9);
        }

        Assert.True(double.IsNaN(weighted.Score([.. labels.Select(label => label ? 1 : 0)])));
    }

    [Fact]
    public void Pair_classification_by_hand()
    {
        // Thresholds fall between different scores: after 1, 2, 4, 5 and 6 of the pairs, 1, 1, 2, 3 and 3 positives are found
        double[] scores = [0.9, 0.8, 0.7, 0.7, 0.6, 0.4, 0.3];
        bool[] labels = [true, false, true, false, true, false, false];
        var classified = PairClassification.Of(scores, labels);
        Assert.Equal(1.0 / 3 * 1 + 1.0 / 3 * 2 / 4 + 1.0 / 3 * 3 / 5, classified.AveragePrecision, 12);
        Assert.Equal(5.0 / 7, classified.Accuracy, 12);
        Assert.Equal(2.0 * 3 / (5 + 3), classified.F1, 12);
        Assert.Throws<ArgumentException>(() => PairClassification.Of([1, 2], [false, false]));
    }

    [Fact]
    public void Pearson_agrees_with_scipy()
    {
        Assert.Equal(0.7071067811865476, Agreement.Pearson([1, 2, 3, 4, 5], [5, 6, 7, 8, 6.5]), 12);
        Assert.True(double.IsNaN(Agreement.Pearson([1, 1], [1, 2])));
    }

    private static IEnumerable<double> Draw(Random random, int size, int levels) =>
        Enumerable.Range(0, size).Select(_ => random.Next(levels) / (double)levels);

    private static int[] Counts(Random random, int size)
    {
        var counts = new int[size];
        for (var i = 0; i < size; i++) counts[random.Next(size)]++;
        return counts;
    }

    private static T[] Written<T>(T[] values, int[] counts) => [.. values.SelectMany((value, i) => Enumerable.Repeat(value, counts[i]))];
}
