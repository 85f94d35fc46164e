using System.Diagnostics;
using System.Numerics.Tensors;
using RtMatching.Core.Evaluation;

namespace RtMatching.Tests.Evaluation;

public class NeighbourStabilityTests
{
    [Fact]
    public void Overlap_is_that_of_a_plain_search_whatever_the_blocks()
    {
        var sweep = Sweep(90, passes: 4, dimension: 6, noise: 0.5);
        var among = Enumerable.Range(0, 90).Where(i => i % 3 != 0).ToList();
        var report = NeighbourStability.Measure(sweep, 5, 0.8, among);

        for (var k = 2; k <= 4; k++)
        {
            for (var text = 0; text < 90; text++)
            {
                var shared = Plain(sweep, k, text, among).Intersect(Plain(sweep, k - 1, text, among)).Count();
                Assert.Equal(shared / 5f, report.Overlaps[k - 2][text]);
            }

            Assert.Equal(report.Overlaps[k - 2].Average(), report.MeanOverlap(k), 6);
        }

        for (var text = 0; text < 90; text++)
        {
            var first = Enumerable.Range(2, 3).FirstOrDefault(k => report.Overlaps[k - 2][text] >= 0.8f - 1e-6f);
            Assert.Equal(first == 0 ? 4 : first, report.PassesUntilSettled[text]);
        }

        Assert.True(report.PassesUntilSettled.Distinct().Count() > 1);
    }

    [Fact]
    public void Vectors_that_stand_still_settle_at_once()
    {
        var report = NeighbourStability.Measure(Sweep(30, 3, 4, noise: 0), 10, 1);
        Assert.All(report.PassesUntilSettled, passes => Assert.Equal(2, passes));
        Assert.Equal(1, report.MeanOverlap(3));
    }

    [Fact]
    public void A_corpus_of_the_size_of_a_category_task_takes_seconds()
    {
        var sweep = Sweep(1236, passes: 3, dimension: 256, noise: 0.1);
        var clock = Stopwatch.StartNew();
        NeighbourStability.Measure(sweep, 10, 0.9);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);      // 12 passes are four times that; a second or so in truth
    }

    [Theory]
    [InlineData(0, 0.9, "0 neighbours")]
    [InlineData(30, 0.9, "30 neighbours")]
    [InlineData(5, 0.0, "settled")]
    [InlineData(5, 1.1, "settled")]
    [InlineData(5, double.NaN, "settled")]
    public void Numbers_out_of_range_are_refused(int neighbours, double threshold, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => NeighbourStability.Measure(Sweep(30, 2, 4, 0), neighbours, threshold)).Message);

    [Fact]
    public void A_single_pass_is_refused() =>
        Assert.Contains("1 passes", Assert.Throws<ArgumentException>(() => NeighbourStability.Measure(Sweep(30, 1, 4, 0), 3, 0.9)).Message);

    private static IEnumerable<int> Plain(Sweep sweep, int k, int text, IEnumerable<int> among) => among.Where(other => other != text)
        .OrderByDescending(other => TensorPrimitives.Dot<float>(sweep.At(k)[text], sweep.At(k)[other])).ThenBy(other => other).Take(5);

    private static Sweep Sweep(int texts, int passes, int dimension, double noise)
    {
        var random = new Random(11);
        return new Sweep("last", [.. Enumerable.Range(0, texts).Select(_ => Text())], TimeSpan.Zero, 0);

        SweptText Text()
        {
            var start = Enumerable.Range(0, dimension).Select(_ => random.NextDouble() - 0.5).ToArray();
            return new SweptText(3, false, [.. Enumerable.Range(0, passes).Select(_ => Unit([.. start.Select(x => (float)(x + noise * (random.NextDouble() - 0.5)))]))], []);
        }
    }

    private static float[] Unit(float[] vector)
    {
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }
}
