using RtMatching.Core.Evaluation;

namespace RtMatching.Tests.Evaluation;

public class ResampledScoresTests
{
    [Fact]
    public void The_error_of_a_mean_is_the_analytic_one()
    {
        var random = new Random(3);
        var values = Normal(random, 500);
        var interval = ResampledScores.Draw([new MeanJudgement(values)]).Of(0);
        var analytic = Deviation(values) / Math.Sqrt(values.Length);
        Assert.Equal(values.Average(), interval.Mean, 12);
        Assert.InRange(interval.StandardError / analytic, 0.93, 1.07);                           // 2,000 resamples: 1.6% of it
        Assert.InRange((interval.High - interval.Low) / (2 * 1.96 * analytic), 0.9, 1.1);
    }

    [Fact]
    public void The_same_seed_gives_the_same_and_another_seed_does_not()
    {
        var random = new Random(4);
        var systems = Enumerable.Range(0, 3).Select(_ => new MeanJudgement(Normal(random, 90))).ToArray<Judgement>();
        var (once, again, other) = (ResampledScores.Draw(systems), ResampledScores.Draw(systems), ResampledScores.Draw(systems, seed: 2));
        Assert.Equal(once.Difference(0, 2), again.Difference(0, 2));
        Assert.Equal(once.Simultaneous([(0, 1), (0, 2)]), again.Simultaneous([(0, 1), (0, 2)]));
        Assert.NotEqual(once.Difference(0, 2), other.Difference(0, 2));
    }

    [Fact]
    public void Pairing_removes_what_both_sides_share()
    {
        var random = new Random(5);
        var shared = Normal(random, 300, 10);
        var a = new MeanJudgement(shared);
        var b = new MeanJudgement([.. shared.Select(value => value + 0.2 + 0.1 * random.NextDouble())]);
        var resampled = ResampledScores.Draw([a, b]);
        Assert.True(resampled.Of(0).StandardError > 0.4);
        Assert.InRange(resampled.Difference(0, 1).StandardError, 0.0012, 0.0021);                // of a uniform of width 0.1
        Assert.Equal(resampled.Difference(0, 1).Mean, -resampled.Difference(1, 0).Mean, 12);
    }

    /// <summary>Two systems of the same quality: the true difference of their correlations is 0.</summary>
    [Fact]
    public void Intervals_hold_the_truth_as_often_as_they_say()
    {
        const int Sets = 300;
        var (alone, atOnce) = (0, 0);
        for (var set = 0; set < Sets; set++)
        {
            var resampled = ResampledScores.Draw(EqualSystems(new Random(1000 + set), 120, 5), seed: set, resamples: 400);
            if (!resampled.Difference(0, 1).IsClear) alone++;
            if (!resampled.Simultaneous([(0, 1), (0, 2), (0, 3), (0, 4)]).Any(difference => difference.IsClear)) atOnce++;
        }

        // 95% of 300 is 285, with a deviation of 3.8.
        Assert.InRange(alone, 272, 297);
        Assert.InRange(atOnce, 272, 299);
    }

    [Fact]
    public void Bands_that_hold_at_once_are_wider_and_do_not_hide_a_real_effect()
    {
        var random = new Random(6);
        var systems = EqualSystems(random, 400, 12);
        systems[7] = new WeightedPearson(Scores(random, Labels(random, 400), 1), Labels(new Random(6), 400));
        var resampled = ResampledScores.Draw(systems);
        var comparisons = Enumerable.Range(1, 11).Select(to => (0, to)).ToArray();
        var band = resampled.Simultaneous(comparisons);
        for (var i = 0; i < comparisons.Length; i++)
        {
            var alone = resampled.Difference(0, i + 1);
            Assert.Equal(alone.Mean, band[i].Mean);
            Assert.Equal(alone.StandardError, band[i].StandardError);
            Assert.True(band[i].High - band[i].Low > alone.High - alone.Low);
        }

        Assert.True(band[6].High < 0);                                                           // unrelated to the labels
    }

    [Fact]
    public void Equal_systems_differ_by_nothing()
    {
        var systems = EqualSystems(new Random(7), 60, 2);
        var resampled = ResampledScores.Draw([systems[0], systems[0], systems[1]]);
        Assert.Equal(new BootstrapInterval(0, 0, 0, 0), resampled.Difference(0, 1));
        Assert.Equal(new BootstrapInterval(0, 0, 0, 0), resampled.Simultaneous([(0, 1), (0, 2)])[0]);
    }

    [Fact]
    public void Resamples_on_which_the_metric_is_undefined_are_drawn_again()
    {
        var random = new Random(8);
        var labels = Enumerable.Range(0, 40).Select(i => i == 0 ? 1.0 : 0).ToArray();            // 36% of the resamples lack the one
        var interval = ResampledScores.Draw([new WeightedPearson(Normal(random, 40), labels)]).Of(0);
        Assert.True(double.IsFinite(interval.Low) && interval.Low < interval.High);
    }

    [Fact]
    public void A_system_without_a_score_has_no_interval_and_leaves_the_others_theirs()
    {
        var random = new Random(9);
        var labels = Labels(random, 50);
        var constant = new WeightedPearson(new double[50], labels);
        var resampled = ResampledScores.Draw([constant, new WeightedPearson(Normal(random, 50), labels)]);
        Assert.True(double.IsNaN(resampled.Of(0).Low) && double.IsNaN(resampled.Difference(0, 1).High));
        Assert.False(resampled.Difference(0, 1).IsClear);
        Assert.True(double.IsFinite(resampled.Of(1).Low));
    }

    [Fact]
    public void A_part_of_the_units_is_scored_and_drawn_alone()
    {
        var values = Enumerable.Range(0, 100).Select(i => i < 60 ? 1.0 : 5.0).ToArray();
        var interval = ResampledScores.Draw([new MeanJudgement(values)], [.. Enumerable.Range(0, 60)]).Of(0);
        Assert.Equal(new BootstrapInterval(1, 1, 1, 0), interval);
    }

    [Fact]
    public void Nothing_and_unequal_systems_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ResampledScores.Draw([]));
        Assert.Throws<ArgumentException>(() => ResampledScores.Draw([new MeanJudgement([])]));
        Assert.Throws<ArgumentException>(() => ResampledScores.Draw([new MeanJudgement([1]), new MeanJudgement([1, 2])]));
    }

    [Fact]
    public void The_curve_compares_every_pass_with_the_first()
    {
        var random = new Random(10);
        var points = PairedBootstrap.Points(EqualSystems(random, 80, 4));
        Assert.Equal([1, 2, 3, 4], points.Select(point => point.K));
        Assert.Null(points[0].AgainstFirst);
        Assert.All(points.Skip(1), point => Assert.Equal(point.Metrics[0].Value - points[0].Metrics[0].Value, point.AgainstFirst!.Mean, 12));
        Assert.All(points, point => Assert.True(point.Score!.Low < point.Metrics[0].Value && point.Metrics[0].Value < point.Score.High));
        Assert.Single(PairedBootstrap.Points([new MeanJudgement([1, 2])]));
    }

    private static Judgement[] EqualSystems(Random random, int units, int systems)
    {
        var labels = Labels(new Random(6), units);
        return [.. Enumerable.Range(0, systems).Select(_ => new WeightedPearson(Scores(random, labels, 1), labels))];
    }

    private static double[] Labels(Random random, int units) => Normal(random, units);

    private static double[] Scores(Random random, double[] labels, double noise) => [.. labels.Zip(Normal(random, labels.Length, noise), (x, y) => x + y)];

    private static double[] Normal(Random random, int count, double deviation = 1) =>
        [.. Enumerable.Range(0, count).Select(_ => deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }
}
