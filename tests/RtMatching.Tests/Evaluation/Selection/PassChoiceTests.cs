using RtMatching.Core.Evaluation;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Evaluation.Selection;

public class PassChoiceTests
{
    /// <summary>The score rises to pass 5 and stays: 5 is the fewest that reaches it.</summary>
    [Fact]
    public void The_known_best_is_found()
    {
        var random = new Random(1);
        var task = new MadeUpPairs(MadeUpPairs.Uniform(random, 200));
        var choice = PassChoice.Choose(task, [new PassCandidate(Rising(task, random, best: 5))], "pairs");
        Assert.Equal((5, ChoiceReason.FewestWithinOneError), (choice.Chosen.K, choice.Chosen.Reason));
        Assert.Equal(12, choice.Chosen.Points.Count);
        Assert.True(choice.Chosen.Points[4].AgainstFirstAtOnce!.Low > 0);
        Assert.Same(choice.Chosen, choice.Leader);
        Assert.Equal(0, choice.AgainstLeader.Mean);
    }

    [Fact]
    public void Passes_that_score_a_hair_higher_do_not_buy_more_of_them()
    {
        var random = new Random(2);
        var labels = MadeUpPairs.Uniform(random, 300);
        var task = new MadeUpPairs(labels);
        var noise = Enumerable.Range(0, 4).Select(_ => MadeUpPairs.Uniform(random, 300)).ToArray();
        double[] weights = [0.9, 0.3, 0.295, 0.295];                       // of the noise: pass 2 brings nearly all
        var choice = PassChoice.Choose(task, [new PassCandidate(task.Sweep(4, (i, k) => Mix(labels[i], noise[k][i], weights[k])))], "pairs");
        Assert.Equal(2, choice.Chosen.K);
        Assert.True(choice.Chosen.ToBest.Mean <= choice.Chosen.ToBest.StandardError);
    }

    /// <summary>Every pass is as good as any: whoever claims otherwise is wrong, and that may happen in 5% of all tasks.</summary>
    [Fact]
    public void Pure_noise_keeps_one_pass()
    {
        const int Tasks = 120;
        var alarms = 0;
        for (var seed = 0; seed < Tasks; seed++)
        {
            var random = new Random(100 + seed);
            var labels = MadeUpPairs.Uniform(random, 60);
            var task = new MadeUpPairs(labels);
            var noise = Enumerable.Range(0, 6).Select(_ => MadeUpPairs.Uniform(random, 60)).ToArray();
            var chosen = PassChoice.Choose(task, [new PassCandidate(task.Sweep(6, (i, k) => Mix(labels[i], noise[k][i], 0.6)))], "pairs").Chosen;
            if (chosen.K > 1) alarms++;
            else Assert.True(chosen.Reason is ChoiceReason.NothingBeyondFirst or ChoiceReason.FirstIsBest or ChoiceReason.FewestWithinOneError);
        }

        Assert.InRange(alarms, 0, 13);                                     // 5% of 120 is 6, with a deviation of 2.4; one side of the band is 2.5%
    }

    [Fact]
    public void What_noise_says_is_said_plainly()
    {
        var random = new Random(3);
        var labels = MadeUpPairs.Uniform(random, 100);
        var task = new MadeUpPairs(labels);
        var noise = Enumerable.Range(0, 8).Select(_ => MadeUpPairs.Uniform(random, 100)).ToArray();
        var chosen = PassChoice.Choose(task, [new PassCandidate(task.Sweep(8, (i, k) => Mix(labels[i], noise[k][i], 0.6)))], "pairs").Chosen;
        Assert.Equal((1, ChoiceReason.NothingBeyondFirst), (chosen.K, chosen.Reason));
        Assert.True(chosen.BestK > 1 && chosen.Visible > chosen.Points[chosen.BestK - 1].AgainstFirst!.Mean);
    }

    [Fact]
    public void Passes_that_hurt_are_not_taken()
    {
        var random = new Random(4);
        var labels = MadeUpPairs.Uniform(random, 200);
        var task = new MadeUpPairs(labels);
        var noise = Enumerable.Range(0, 3).Select(_ => MadeUpPairs.Uniform(random, 200)).ToArray();
        var chosen = PassChoice.Choose(task, [new PassCandidate(task.Sweep(3, (i, k) => Mix(labels[i], noise[k][i], 0.2 + 0.3 * k)))], "pairs").Chosen;
        Assert.Equal((1, ChoiceReason.FirstIsBest), (chosen.K, chosen.Reason));
        Assert.True(chosen.Points[2].AgainstFirstAtOnce!.High < 0);
    }

    [Fact]
    public void The_better_pooling_wins_and_a_dearer_one_must_earn_it()
    {
        var random = new Random(15);
        var labels = MadeUpPairs.Uniform(random, 300);
        var task = new MadeUpPairs(labels);
        var (noise, own, other) = (MadeUpPairs.Uniform(random, 300), MadeUpPairs.Uniform(random, 300), MadeUpPairs.Uniform(random, 300));
        var poor = new PassCandidate(task.Sweep(1, (i, _) => Mix(labels[i], own[i], 0.9), name: "mean"));
        var good = new PassCandidate(task.Sweep(1, (i, _) => Mix(labels[i], noise[i], 0.4), name: "aligned-wva"));
        var dear = new PassCandidate(task.Sweep(1, (i, _) => Mix(labels[i], 0.5 * noise[i] + 0.5 * other[i], 0.475), name: "meta-eol"), ModelRuns: 8);
        var choice = PassChoice.Choose(task, [poor, good, dear], "pairs");
        Assert.Equal(("aligned-wva", 1, ChoiceReason.TakesNoPasses), (choice.Chosen.Candidate.Name, choice.Chosen.K, choice.Chosen.Reason));
        Assert.Equal("meta-eol", choice.Leader.Candidate.Name);
        Assert.InRange(choice.AgainstLeader.Mean, -choice.AgainstLeader.StandardError, 0);

        var earned = new PassCandidate(task.Sweep(1, (i, _) => Mix(labels[i], noise[i], 0.1), name: "meta-eol"), ModelRuns: 8);
        Assert.Equal("meta-eol", PassChoice.Choose(task, [poor, good, earned], "pairs").Chosen.Candidate.Name);
    }

    [Fact]
    public void One_side_is_refined_and_the_other_stays_at_pass_one()
    {
        var task = new MadeUpPairs([0, 1]);
        var sweep = task.Sweep(3, (i, k) => 0.1 * (i + 1) * (k + 1));
        var (query, document) = (new PassCandidate(sweep, RefinedSide.Query), new PassCandidate(sweep, RefinedSide.Document));
        Assert.Equal([3, 1, 3, 1], query.Passes(task, 3));
        Assert.Equal([1, 3, 1, 3], document.Passes(task, 3));
        Assert.Equal([3, 3, 3, 3], new PassCandidate(sweep).Passes(task, 3));
        Assert.Equal(("made-up, queries only", "made-up"), (query.Name, new PassCandidate(sweep).Name));
    }

    [Fact]
    public void Too_few_to_tell_anything_are_refused_with_the_number_needed()
    {
        var random = new Random(6);
        var task = new MadeUpPairs(MadeUpPairs.Uniform(random, 49));
        var refusal = Assert.Throws<TooFewUnitsException>(() => PassChoice.Choose(task, [new PassCandidate(Rising(task, random, 2))], "pairs"));
        Assert.Contains("At least 50 pairs", refusal.Message, StringComparison.Ordinal);

        static double[] Labels(int ones) => [.. Enumerable.Range(0, 200).Select(i => i < ones ? 1.0 : 0)];
        Assert.Contains("9 are positive", Assert.Throws<TooFewUnitsException>(() => UnitRequirement.Check(200, "pairs", Labels(9))).Message, StringComparison.Ordinal);
        Assert.Contains("9 negative", Assert.Throws<TooFewUnitsException>(() => UnitRequirement.Check(200, "pairs", Labels(191))).Message, StringComparison.Ordinal);
        UnitRequirement.Check(200, "pairs", Labels(10));
        UnitRequirement.Check(50, "pairs", MadeUpPairs.Uniform(random, 50));
    }

    private static Sweep Rising(MadeUpPairs task, Random random, int best)
    {
        var labels = task.Labels;
        var noise = MadeUpPairs.Uniform(random, labels.Count);
        return task.Sweep(12, (i, k) => Mix(labels[i], noise[i], 0.9 - 0.15 * Math.Min(k, best - 1)));
    }

    /// <summary>A cosine between 0 and 1.</summary>
    private static double Mix(double label, double noise, double share) => (1 - share) * label + share * noise;
}
