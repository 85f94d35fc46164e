using System.Diagnostics.Metrics;
using System.Numerics.Tensors;
using RtMatching.Cli.Input;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

/// <summary>When each rule stops, and that a stopped text costs nothing more and keeps the vector of the pass it stopped after.</summary>
public sealed class StopRuleTests : IDisposable
{
    private const int Most = 8;

    private static readonly string[] Texts =
        ["a cook", "Nurse, night shifts, intensive care", "Backend engineer: C#, PostgreSQL, Kubernetes", "x", "数据科学家，负责推荐系统", "Teaches mathematics and physics to pupils of 10 to 16 years"];

    private readonly LanguageModel _model = LanguageModel.Load(null);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void A_change_is_judged_from_the_second_pass_on_a_second_change_from_the_third()
    {
        PassTrace still = new(1, 0, 0, 1, 0), moved = new(0.9f, 0.5f, 0.4f, 1, 0), glided = new(0.9f, 0.5f, 0.01f, 1, 0);

        var change = new StableChange(0.03f);
        Assert.Equal([false, true, false], new[] { (PassTrace[])[still], [still, still], [still, moved] }.Select(traces => change.Stops(5, traces)));
        var second = new StableSecondChange(0.03f);
        Assert.Equal([false, false, true, true, false],
            new[] { (PassTrace[])[still], [still, still], [still, moved, still], [still, moved, glided], [still, moved, moved] }.Select(traces => second.Stops(5, traces)));
    }

    [Fact]
    public void A_learned_rule_stops_where_it_expects_less_movement_than_its_epsilon_with_its_margin()
    {
        // Expects after pass 1 much, from pass 2 on twice the logarithm of the latest change, and is off by 0.5.
        static LearnedStage Stage(int stage, double onChange, double intercept) =>
            new(new double[LearnedPasses.FeatureCount(stage)], [.. Enumerable.Repeat(1.0, LearnedPasses.FeatureCount(stage))],
                [0, 0, 0, .. stage > 0 ? (double[])[onChange, .. new double[LearnedPasses.FeatureCount(stage) - 4]] : []], intercept, 0.5);
        var rule = new LearnedPasses { Epsilon = Math.Exp(-6), Earliest = 1, Margin = 2, Stages = [Stage(0, 0, -1), Stage(1, 2, 0), Stage(2, 2, 0)] };
        rule.Validate();
        PassTrace first = new(1, 0, 0, 1, 0);
        PassTrace Changed(double logarithm) => new(1, (float)Math.Exp(logarithm), 0, 1, 0);

        Assert.False(rule.Stops(5, [first]));                                       // -1 + 2 x 0.5 is more than -6
        Assert.False(rule.Stops(5, [first, Changed(-3.4)]));                        // -6.8 + 1
        Assert.True(rule.Stops(5, [first, Changed(-3.6)]));                         // -7.2 + 1
        Assert.True(rule.Stops(5, [first, Changed(0), Changed(-1), Changed(-3.6)]));
        Assert.False((rule with { Earliest = 3 }).Stops(5, [first, Changed(-3.6)]));
        Assert.False(rule.Stops(5, [first, first with { RelativeChange = float.PositiveInfinity }]));
        Assert.False(rule.Stops(5, [first, first with { RelativeChange = float.NaN }]));
    }

    [Theory]
    [InlineData("change:0.04")]
    [InlineData("second-change:0.05")]
    public void A_vector_under_a_rule_is_that_of_the_pass_where_the_rule_says_stop_alone_or_in_a_batch(string text)
    {
        var rule = StopRuleText.Parse(text);
        var embedder = new TextEmbedder(_model);
        var options = new EmbeddingOptions { Iterations = Most, AllIterations = true };
        var full = embedder.Embed(Texts, options);
        var ruled = embedder.Embed(Texts, options with { Stop = rule });
        for (var i = 0; i < Texts.Length; i++)
        {
            var traces = full[i].Passes.Select(pass => pass.Trace!).ToList();
            var expected = Enumerable.Range(1, Most).First(k => k == Most || rule.Stops(full[i].Tokens, traces[..k]));
            Assert.Equal(expected, ruled[i].Passes.Count);
            Assert.True(TensorPrimitives.CosineSimilarity<float>(full[i].Passes[expected - 1].Vector, ruled[i].Vector) > 0.99999f);

            var alone = embedder.Embed([Texts[i]], options with { Stop = rule })[0];
            Assert.Equal(expected, alone.Passes.Count);
            Assert.True(TensorPrimitives.CosineSimilarity<float>(alone.Vector, ruled[i].Vector) > 0.99999f);
        }

        Assert.All(ruled, embedding => Assert.InRange(embedding.Passes.Count, 2, Most - 1));
    }

    [Fact]
    public void Texts_that_stop_are_not_run_again_and_the_metric_tells_the_passes_that_were()
    {
        var name = $"stops-{Guid.NewGuid()}";
        var decoder = new ScriptedDecoder();
        var options = new EmbeddingOptions { Iterations = 6, AllIterations = true, Stop = new StopsByLength() };
        List<int> recorded = [];
        using var listener = Listen(name, recorded);
        var embeddings = new TextEmbedder(new LanguageModel(name, "hash", new ByteTokenizer(), decoder)).Embed(["a", "bbb", "ccccc", "ddddddddd"], options);

        Assert.Equal([2, 4, 6, 6], embeddings.Select(embedding => embedding.Passes[^1].K));      // tokens, end token included, and at most 6
        Assert.Equal((2 - 1) + (4 - 1) + (6 - 1) + (6 - 1), decoder.Refinements.Sum(refinement => refinement.Rows.Length));
        Assert.Equal([2, 4, 6, 6], recorded.Order());
    }

    [Fact]
    public void Through_a_profile_only_the_side_that_is_refined_has_a_rule()
    {
        var profile = DefaultProfiles.Create(_model) with { Iterations = 4, Stop = new StableChange(0.03f), Refined = RefinedSide.Query };
        var embedder = new DocumentEmbedder(_model, profile);
        Assert.Equal((4, profile.Stop), (embedder.Options(DocumentKind.Job).Iterations, embedder.Options(DocumentKind.Job).Stop));
        Assert.Equal((1, null), (embedder.Options(DocumentKind.Cv).Iterations, embedder.Options(DocumentKind.Cv).Stop));
        Assert.Equal(2, embedder.Embed(["a cook", "a nurse"], DocumentKind.Cv).Count);
    }

    [Fact]
    public void A_profile_keeps_its_rule_until_another_or_none_is_named_and_a_rule_needs_passes()
    {
        var current = DefaultProfiles.Create(_model) with { Iterations = 4, Stop = new StableChange(0.03f) };
        Assert.Equal(current.Stop, new ProfileChange().Apply("p", current, _model, null).Stop);
        Assert.Equal(new StableSecondChange(0.1f), new ProfileChange { Stop = new StableSecondChange(0.1f) }.Apply("p", current, _model, null).Stop);
        Assert.Null(new ProfileChange { Stop = new NeverStops() }.Apply("p", current, _model, null).Stop);

        Assert.Contains("iterations", Refusal(() => new ProfileChange { Iterations = 1 }.Apply("p", current, _model, null)), StringComparison.Ordinal);
        Assert.Contains("threshold", Refusal(() => new ProfileChange { Stop = new StableChange(0) }.Apply("p", current with { Refined = RefinedSide.Query }, _model, null)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(0f)]
    [InlineData(-0.1f)]
    public void A_threshold_is_a_number_above_zero(float threshold)
    {
        Assert.Contains("0.03", Refusal(new StableChange(threshold).Validate), StringComparison.Ordinal);
        Assert.Contains("0.03", Refusal(new StableSecondChange(threshold).Validate), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_in_a_file_is_read_back_and_any_other_file_is_refused()
    {
        var path = Path.GetTempFileName();
        try
        {
            StopRule rule = Learned();
            StopRuleText.Write(path, rule);
            Assert.Equal(rule, StopRuleText.Parse($"learned:{path}"));
            foreach (var content in new[] { "", "null", "[]", "{}", "{\"rule\":\"learned\"}", "{\"threshold\":1}", "{\"rule\":\"x\"}", "{\"rule\":\"learned\",\"epsilon\":0.001,\"earliest\":1,\"margin\":1,\"stages\":null}", new string(' ', 2 << 20) })
            {
                File.WriteAllText(path, content);
                Assert.Contains(path, Refusal(() => StopRuleText.Parse($"learned:{path}")), StringComparison.Ordinal);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_learned_rule_with_numbers_that_do_not_fit_is_refused()
    {
        var rule = Learned();
        var stage = rule.Stages[0];
        rule.Validate();
        LearnedPasses[] unsound =
        [
            rule with { Epsilon = 0 }, rule with { Earliest = 4 }, rule with { Margin = double.NaN }, rule with { Stages = [] }, rule with { Stages = [null!, null!, null!] },
            rule with { Stages = [stage, stage, stage] }, rule with { Stages = [stage with { Means = null! }, .. rule.Stages.Skip(1)] },
            rule with { Stages = [stage with { Deviations = [1, 0, 1] }, .. rule.Stages.Skip(1)] },
            rule with { Stages = [stage with { Weights = [1, double.PositiveInfinity, 1] }, .. rule.Stages.Skip(1)] },
        ];
        Assert.All(unsound, broken => Assert.Contains("tune", Refusal(broken.Validate), StringComparison.Ordinal));
    }

    /// <summary>A sound rule of numbers that no decimal holds exactly.</summary>
    internal static LearnedPasses Learned()
    {
        static double[] Numbers(int count) => [.. Enumerable.Range(1, count).Select(i => 1 / (3.0 + i))];
        return new LearnedPasses
        {
            Epsilon = 0.001, Earliest = 2, Margin = 0.1 + 0.2,
            Stages = [.. Enumerable.Range(0, LearnedPasses.StageCount).Select(stage => LearnedPasses.FeatureCount(stage))
                .Select(count => new LearnedStage(Numbers(count), Numbers(count), [-1e-17, 5e-324, 1e300, .. Numbers(count - 3)], -Math.PI, 1 / 7.0))],
        };
    }

    private static string Refusal(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;

    private sealed record StopsByLength : StopRule
    {
        public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) => traces.Count >= tokens;

        public override string ToString() => "by length";
    }

    private static MeterListener Listen(string model, List<int> recorded)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "rtmatch.engine.passes") listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((_, passes, tags, _) =>
        {
            foreach (var tag in tags)
                if (Equals(tag.Value, model)) recorded.Add(passes);
        });
        listener.Start();
        return listener;
    }
}
