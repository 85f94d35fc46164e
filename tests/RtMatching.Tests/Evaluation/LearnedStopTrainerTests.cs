using System.Text.Json;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Refinement;

namespace RtMatching.Tests.Evaluation;

public class LearnedStopTrainerTests
{
    private const int Passes = 12;
    private const double Epsilon = 0.001;

    /// <summary>
    /// Texts whose embedding closes in on its end by a factor of their own each pass: the first two changes decide when it has arrived.
    /// </summary>
    internal static SweptText[] Law(int texts, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, texts).Select(_ => Text(random, 0.1 + 0.6 * random.NextDouble()))];
    }

    [Fact]
    public void A_law_is_learned_the_promise_holds_on_unseen_texts_and_fewer_passes_are_taken_than_with_a_fixed_k()
    {
        var report = LearnedStopTrainer.Train(Law(600, 1), Epsilon, seed: 7);
        Assert.Equal((360, 120, 120), (report.Trained, report.Calibrated, report.HeldOut));
        Assert.True(report.Pays);
        Assert.True(report.MeanPasses < report.FixedPasses - 1, $"{report.MeanPasses} against {report.FixedPasses}");
        Assert.InRange(report.MeanError, 0, 1.5);      // the margin makes it late rather than early

        var unseen = Law(500, 99);
        var settled = unseen.Count(text => PassesUnder(report.Rule, text) >= LearnedStopTrainer.PassesNeeded(text, Passes, Epsilon));
        Assert.InRange(settled / 500.0, 0.85, 1);
        Assert.InRange(report.SettledShare, 0.8, 1);
    }

    [Fact]
    public void The_same_seed_gives_the_same_rule()
    {
        var texts = Law(100, 3);
        Assert.Equal(LearnedStopTrainer.Train(texts, Epsilon, 5), LearnedStopTrainer.Train(texts, Epsilon, 5));
        Assert.Equal(LearnedStopTrainer.Train(texts, Epsilon, 5),
            LearnedStopTrainer.Train([new SweptText(9, false, [[1, 0]], []), .. texts], Epsilon, 5));      // a text of the side that is not refined
        Assert.NotEqual(LearnedStopTrainer.Train(texts, Epsilon, 5).Rule, LearnedStopTrainer.Train(texts, Epsilon, 6).Rule);
    }

    [Fact]
    public void A_larger_share_takes_more_passes()
    {
        var texts = Law(400, 4);
        Assert.True(LearnedStopTrainer.Train(texts, Epsilon, 1, 0.98).MeanPasses > LearnedStopTrainer.Train(texts, Epsilon, 1, 0.5).MeanPasses);
    }

    [Fact]
    public void Texts_that_never_move_stop_after_the_first_pass_and_nothing_pays_over_a_fixed_k_of_one()
    {
        var still = Enumerable.Range(0, 60).Select(_ => new SweptText(9, false, [.. Enumerable.Repeat(new float[] { 1, 0 }, 5)],
            [.. Enumerable.Repeat(new PassTrace(1, 0, 0, 1, 0.5f), 5)])).ToArray();
        var report = LearnedStopTrainer.Train(still, Epsilon, 1);
        Assert.Equal((1.0, 1, 1.0, false), (report.MeanPasses, report.FixedPasses, report.SettledShare, report.Pays));
        Assert.True(report.Rule.Stops(9, [new PassTrace(1, 0, 0, 1, 0.5f)]));
    }

    [Theory]
    [InlineData(10, Epsilon, 0.9, "at least 50")]
    [InlineData(60, 0, 0.9, "psilon")]
    [InlineData(60, double.NaN, 0.9, "psilon")]
    [InlineData(60, Epsilon, 1.0, "share")]
    public void What_cannot_be_learned_from_is_refused(int texts, double epsilon, double share, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => LearnedStopTrainer.Train(Law(texts, 1), epsilon, 1, share)).Message);

    [Fact]
    public void An_embedding_that_leaves_again_has_not_settled_before()
    {
        float[] near = [1, 0], far = [0, 1];
        var text = new SweptText(3, false, [near, far, near, near], []);
        Assert.Equal(3, LearnedStopTrainer.PassesNeeded(text, 4, Epsilon));
    }

    [Fact]
    public void A_rule_survives_json_exactly_and_equals_itself()
    {
        StopRule rule = LearnedStopTrainer.Train(Law(100, 3), Epsilon, 5).Rule;
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { AllowOutOfOrderMetadataProperties = true };
        var profile = new TaskProfile { Name = "p", ModelName = "m", WeightsHash = "h", MaxTokens = 8, Dimension = 4, Iterations = 8, Stop = rule };

        var json = JsonSerializer.Serialize(profile, options);
        Assert.Equal(profile, JsonSerializer.Deserialize<TaskProfile>(json, options));
        Assert.Equal(rule.GetHashCode(), JsonSerializer.Deserialize<TaskProfile>(json, options)!.Stop!.GetHashCode());
        Assert.NotEqual(rule, (LearnedPasses)rule with { Margin = ((LearnedPasses)rule).Margin + 1e-12 });
        Assert.InRange(json.Length, 100, 16_000);
    }

    private static int PassesUnder(StopRule rule, SweptText text) => new Sweep("", [text], TimeSpan.Zero, 0).PassesUnder(rule)[0];

    private static SweptText Text(Random random, double factor)
    {
        var angle = 0.3 + 0.5 * random.NextDouble();
        var angles = Enumerable.Range(0, Passes).Select(pass => angle * Math.Pow(factor, pass)).ToArray();
        var vectors = angles.Select(a => new[] { (float)Math.Cos(a), (float)Math.Sin(a) }).ToArray();
        var entropy = (float)random.NextDouble();
        var traces = Enumerable.Range(0, Passes).Select(pass => PassTrace.Of(vectors[pass], vectors[..pass], [entropy, 1 - entropy])).ToArray();
        return new SweptText(random.Next(5, 200), false, vectors, traces);
    }
}
