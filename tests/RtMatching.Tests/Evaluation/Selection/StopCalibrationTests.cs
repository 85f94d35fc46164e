using RtMatching.Core.Evaluation;
using RtMatching.Inference.Refinement;

namespace RtMatching.Tests.Evaluation.Selection;

public class StopCalibrationTests
{
    private const int Passes = 8;

    /// <summary>Half of the texts have arrived after pass 1, the others after pass 6, and the traces show it.</summary>
    [Fact]
    public void Texts_that_settle_early_save_half_of_the_passes_at_no_loss()
    {
        var random = new Random(1);
        var task = new MadeUpPairs(MadeUpPairs.Uniform(random, 400));
        var noise = Noise(random, 400);
        int Settled(int pair) => pair % 2 == 0 ? 0 : 5;
        var sweep = task.Sweep(Passes,
            (i, k) => Cosine(task, noise, i, Math.Min(k, Settled(i)), Settled(i)),
            (i, k) => k <= Settled(i) ? 0.2f : 0.0005f);
        var calibration = StopCalibration.Calibrate(task, new PassCandidate(sweep), 6, StopCalibration.Grid, UnitHalves.Of(400));

        Assert.True(calibration is { IsConfirmed: true, Pays: true });
        Assert.IsType<StableChange>(calibration.Picked!.Rule);
        Assert.Equal((8, 6, 8.0, 6.0), (calibration.FixedPasses, calibration.ChosenPasses, calibration.FixedMeanPasses, calibration.ChosenMeanPasses));
        Assert.InRange(calibration.Picked.MeanPasses, 3.9, 4.1);           // 2 where nothing moves any more, 6 for the others
        Assert.Equal(0, calibration.Confirming!.AgainstFixed.Mean, 6);
        Assert.Equal(calibration.Picked.Rule, calibration.Confirming.Rule);
    }

    [Fact]
    public void Traces_that_promise_too_much_are_found_out()
    {
        var random = new Random(2);
        var task = new MadeUpPairs(MadeUpPairs.Uniform(random, 400));
        var noise = Noise(random, 400);
        var sweep = task.Sweep(Passes, (i, k) => Cosine(task, noise, i, k, Passes - 1), (_, _) => 0.0001f);
        var calibration = StopCalibration.Calibrate(task, new PassCandidate(sweep), Passes, StopCalibration.Grid, UnitHalves.Of(400));
        Assert.Null(calibration.Picked);
        Assert.False(calibration.IsConfirmed || calibration.Pays);
        Assert.All(calibration.Findings.Where(finding => finding.MeanPasses < 4), finding => Assert.True(finding.AgainstFixed.High < 0));
    }

    [Fact]
    public void A_rule_that_saves_nothing_against_the_chosen_passes_does_not_pay()
    {
        var random = new Random(3);
        var task = new MadeUpPairs(MadeUpPairs.Uniform(random, 200));
        var noise = Noise(random, 200);
        var sweep = task.Sweep(Passes, (i, _) => Cosine(task, noise, i, 1, 1), (_, _) => 0.0005f);
        var calibration = StopCalibration.Calibrate(task, new PassCandidate(sweep), 1, StopCalibration.Grid, UnitHalves.Of(200));
        Assert.True(calibration.IsConfirmed);
        Assert.Equal(2, calibration.Picked!.MeanPasses);
        Assert.False(calibration.Pays);
    }

    [Fact]
    public void Halves_part_the_units_and_are_the_same_for_the_same_seed()
    {
        var halves = UnitHalves.Of(101);
        Assert.Equal((51, 50), (halves.Calibrating.Count, halves.Confirming.Count));
        Assert.Equal(Enumerable.Range(0, 101), halves.Calibrating.Concat(halves.Confirming).Order());
        Assert.Equal(halves.Calibrating, UnitHalves.Of(101).Calibrating);
        Assert.NotEqual(halves.Calibrating, UnitHalves.Of(101, seed: 2).Calibrating);
    }

    [Fact]
    public void A_threshold_is_set_between_the_labels_and_tried_on_the_other_half()
    {
        var random = new Random(4);
        var positives = Enumerable.Range(0, 300).Select(i => i % 3 == 0).ToArray();
        var cosines = positives.Select(positive => (positive ? 0.7 : 0.3) + 0.18 * (random.NextDouble() - 0.5)).ToArray();
        var thresholds = ScoreThreshold.Calibrate(cosines, positives, UnitHalves.Of(300));
        Assert.Equal(["f1", "accuracy"], thresholds.Select(threshold => threshold.Goal));
        Assert.All(thresholds, threshold => Assert.InRange(threshold.Cosine, 0.4, 0.6));
        Assert.All(thresholds, threshold => Assert.Equal((1.0, 1.0), (threshold.Calibrated, threshold.Confirmed)));

        // By hand: 0.9+ 0.8- 0.7+ 0.6+ 0.5- ; the best F1, 6/7, takes four of five, the best accuracy, 4/5, as well.
        var byHand = ScoreThreshold.Calibrate([0.9, 0.8, 0.7, 0.6, 0.5, 0.9, 0.1], [true, false, true, true, false, true, false],
            new UnitHalves([0, 1, 2, 3, 4], [5, 6]));
        Assert.All(byHand, threshold => Assert.Equal(0.55, threshold.Cosine, 9));
        Assert.Equal([6 / 7.0, 4 / 5.0], byHand.Select(threshold => threshold.Calibrated));
        Assert.Empty(ScoreThreshold.Calibrate([0.1, 0.2], [true, false], new UnitHalves([0], [1])));
    }

    [Fact]
    public void Equal_cosines_are_never_parted()
    {
        var half = new UnitHalves([0, 1, 2, 3], [4, 5]);
        var thresholds = ScoreThreshold.Calibrate([0.5, 0.5, 0.5, 0.2, 0.5, 0.2], [true, true, false, false, true, false], half);
        Assert.All(thresholds, threshold => Assert.Equal(0.35, threshold.Cosine, 9));
        Assert.Equal(0.75, thresholds[1].Calibrated);
    }

    private static double[][] Noise(Random random, int pairs) => [.. Enumerable.Range(0, Passes).Select(_ => MadeUpPairs.Uniform(random, pairs))];

    /// <summary>Nearer to the label with every pass up to <paramref name="last"/>.</summary>
    private static double Cosine(MadeUpPairs task, double[][] noise, int pair, int pass, int last)
    {
        var share = last == 0 ? 0.2 : 0.8 - 0.6 * pass / last;
        return (1 - share) * task.Labels[pair] + share * noise[0][pair];
    }
}
