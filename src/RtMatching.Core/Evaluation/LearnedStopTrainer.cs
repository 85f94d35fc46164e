using System.Numerics.Tensors;
using RtMatching.Inference.Refinement;

namespace RtMatching.Core.Evaluation;

/// <summary>What a learned stop rule does on texts that it was not trained on, beside the fixed k that keeps the same promise.</summary>
/// <param name="Epsilon">A text has settled once its embedding stays within a cosine of 1 - epsilon of that of the last pass.</param>
/// <param name="Share">Of texts that should have settled where they stop.</param>
/// <param name="Passes">Of the sweep that it was trained on.</param>
/// <param name="Trained">Texts that the model was fitted to.</param>
/// <param name="Calibrated">Texts that its margin was set on.</param>
/// <param name="HeldOut">Texts that neither saw; the figures below are of these.</param>
/// <param name="SettledShare">Those that had settled where the rule stopped them.</param>
/// <param name="MeanPasses">What the rule takes.</param>
/// <param name="MeanError">Between the passes that the rule takes and those needed, absolute.</param>
/// <param name="FixedPasses">The smallest k that would have settled the share of the texts trained and calibrated on.</param>
/// <param name="FixedSettledShare">Those that had settled after that k.</param>
public sealed record LearnedStopReport(
    LearnedPasses Rule, double Epsilon, double Share, int Passes, int Trained, int Calibrated, int HeldOut,
    double SettledShare, double MeanPasses, double MeanError, int FixedPasses, double FixedSettledShare)
{
    /// <summary>The rule takes fewer passes than the fixed k; otherwise that is the better choice.</summary>
    public bool Pays => MeanPasses < FixedPasses;
}

/// <summary>
/// Fits <see cref="LearnedPasses"/> to a sweep: ridge regression, stage by stage, of the movement still to come on what was seen so far, and a
/// margin such that a stated share of unseen texts has settled where it stops (split conformal prediction over whole texts).
/// </summary>
public static class LearnedStopTrainer
{
    /// <summary>With fewer, the held-out part is a handful of texts and its share says nothing.</summary>
    public const int LeastTexts = 50;

    private const double DefaultShare = 0.9;
    private const double Ridge = 0.01;

    /// <summary>Below this, 1 - cosine of two float32 vectors is rounding.</summary>
    private const double LeastMovement = 1e-7;

    /// <summary>Of the margin, in residuals: texts none of which ever moves would allow any.</summary>
    private const double LeastMargin = -8;

    /// <param name="texts">With their traces and the vectors of every pass, at least <see cref="LeastTexts"/>; those that were not refined are left out.</param>
    /// <param name="epsilon">How far from the last pass's embedding is near enough, as 1 - cosine: 0.001 for example.</param>
    /// <param name="seed">Of the split into texts to fit, to calibrate and to judge on: 3 to 1 to 1.</param>
    /// <param name="share">Of unseen texts that should have settled where they stop, between 0 and 1.</param>
    /// <exception cref="ArgumentException">Too few texts or passes, or a number out of range; the message names the remedy.</exception>
    public static LearnedStopReport Train(IReadOnlyList<SweptText> texts, double epsilon, int seed, double share = DefaultShare)
    {
        var passes = texts.Count == 0 ? 0 : texts.Max(text => text.Vectors.Count);
        var refined = texts.Where(text => text.Vectors.Count == passes && text.Traces.Count == passes).ToList();
        Check(refined.Count, passes, epsilon, share);
        var samples = refined.Select(text => new Sample(text, Movements(text, passes), PassesNeeded(text, passes, epsilon))).ToArray();
        new Random(seed).Shuffle(samples);
        var (calibrateFrom, heldOutFrom) = (samples.Length * 3 / 5, samples.Length * 4 / 5);
        var (fit, calibrate, heldOut) = (samples[..calibrateFrom], samples[calibrateFrom..heldOutFrom], samples[heldOutFrom..]);

        LearnedStage[] stages = [.. Enumerable.Range(0, LearnedPasses.StageCount).Select(stage => Fit(fit, stage))];
        var rule = Enumerable.Range(1, LearnedPasses.StageCount)
            .Select(earliest => Calibrate(stages, earliest, calibrate, epsilon, share))
            .MinBy(candidate => calibrate.Average(sample => sample.PassesUnder(candidate, passes)))!;
        var fixedPasses = FixedPasses([.. fit, .. calibrate], share);
        return new LearnedStopReport(rule, epsilon, share, passes, fit.Length, calibrate.Length, heldOut.Length,
            heldOut.Average(sample => sample.PassesUnder(rule, passes) >= sample.Needed ? 1.0 : 0),
            heldOut.Average(sample => sample.PassesUnder(rule, passes)),
            heldOut.Average(sample => Math.Abs(sample.PassesUnder(rule, passes) - sample.Needed)),
            fixedPasses,
            heldOut.Average(sample => fixedPasses >= sample.Needed ? 1.0 : 0));
    }

    /// <summary>The first pass from which on the embedding stays within a cosine of 1 - epsilon of that of pass <paramref name="passes"/>.</summary>
    public static int PassesNeeded(SweptText text, int passes, double epsilon)
    {
        var last = text.Vectors[passes - 1];
        var k = passes;
        while (k > 1 && TensorPrimitives.CosineSimilarity<float>(text.Vectors[k - 2], last) >= 1 - epsilon) k--;
        return k;
    }

    private static void Check(int texts, int passes, double epsilon, double share)
    {
        if (texts < LeastTexts) throw new ArgumentException($"A stop rule cannot be learned from {texts} texts; give at least {LeastTexts}.");
        if (passes < 3) throw new ArgumentException($"A stop rule cannot be learned from a sweep of {passes} passes; sweep at least 3, better 8 to 12.");
        if (!(epsilon is > 0 and < 1)) throw new ArgumentException($"Epsilon is {epsilon}, but must be between 0 and 1; 0.001 is usual.");
        if (!(share is > 0 and < 1)) throw new ArgumentException($"The share of texts not stopped early is {share}, but must be between 0 and 1; 0.9 is usual.");
    }

    /// <summary>How far the embedding still goes after each pass but the last: the largest 1 - cosine to the last, from then on. (passes - 1)</summary>
    private static double[] Movements(SweptText text, int passes)
    {
        var last = text.Vectors[passes - 1];
        var movements = new double[passes - 1];
        var most = LeastMovement;
        for (var k = passes - 1; k >= 1; k--)
        {
            most = Math.Max(most, 1 - TensorPrimitives.CosineSimilarity<float>(text.Vectors[k - 1], last));
            movements[k - 1] = most;
        }

        return movements;
    }

    /// <summary>Every pass that the stage judges after is one example.</summary>
    private static LearnedStage Fit(Sample[] fit, int stage)
    {
        var examples = fit.SelectMany(sample => sample.Passes.Where(k => LearnedPasses.StageOf(k) == stage)
            .Select(k => (Features: sample.Features(k), Movement: Math.Log(sample.Movements[k - 1])))).ToArray();
        var count = LearnedPasses.FeatureCount(stage);
        if (examples.Length == 0)      // a sweep too short to need the stage
            return new LearnedStage(new double[count], [.. Enumerable.Repeat(1.0, count)], new double[count], 0, 0);
        var means = new double[count];
        var deviations = new double[count];
        for (var f = 0; f < count; f++)
        {
            means[f] = examples.Average(example => example.Features[f]);
            var deviation = Math.Sqrt(examples.Average(example => Square(example.Features[f] - means[f])));
            deviations[f] = deviation > 1e-9 ? deviation : 1;   // a feature that never differs stands at 0 and weighs nothing
        }

        var mean = examples.Average(example => example.Movement);
        var standardised = examples.Select(example => example.Features.Select((value, f) => (value - means[f]) / deviations[f]).ToArray()).ToArray();
        var weights = SolveRidge(standardised, [.. examples.Select(example => example.Movement - mean)]);
        var linear = new LearnedStage(means, deviations, weights, mean, 0);
        return linear with { Residual = Math.Sqrt(examples.Average(example => Square(example.Movement - linear.Expect(example.Features)))) };
    }

    /// <summary>
    /// A text is stopped too early unless the margin keeps it going through every pass before the one it needs; the smallest such margin is
    /// the text's score, and the one that suffices for the share of the texts, one more counted against us, is the rule's.
    /// </summary>
    private static LearnedPasses Calibrate(LearnedStage[] stages, int earliest, Sample[] calibrate, double epsilon, double share)
    {
        var scores = calibrate.Select(sample => sample.Passes.Where(k => k >= earliest && k < sample.Needed).Select(k => MarginToGoOn(sample, k))
            .DefaultIfEmpty(LeastMargin).Max()).Order().ToArray();
        var place = Math.Min(scores.Length, (int)Math.Ceiling((scores.Length + 1) * share));
        return new LearnedPasses { Epsilon = epsilon, Earliest = earliest, Margin = Math.Max(LeastMargin, scores[place - 1]), Stages = stages };

        double MarginToGoOn(Sample sample, int k)
        {
            var stage = stages[LearnedPasses.StageOf(k)];
            return (Math.Log(epsilon) - stage.Expect(sample.Features(k))) / Math.Max(stage.Residual, 1e-9) + 1e-9;   // a hair more, against rounding
        }
    }

    private static double Square(double value) => value * value;

    /// <summary>w of (X'X + lambda n I) w = X'y.</summary>
    /// <param name="x">(texts, features)</param>
    private static double[] SolveRidge(double[][] x, double[] y)
    {
        var n = x[0].Length;
        var (matrix, w) = (new double[n * n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            w[i] = x.Zip(y, (row, target) => row[i] * target).Sum();
            for (var j = 0; j <= i; j++) matrix[i * n + j] = x.Sum(row => row[i] * row[j]) + (i == j ? Ridge * x.Length : 0);
        }

        // Positive definite with the ridge, as long as every feature is a number.
        var factor = Cholesky.InPlace(matrix, n) ?? throw new ArgumentException("A stop rule cannot be learned from traces that are no numbers; is the model damaged?");
        factor.Solve(w);
        return w;
    }

    private static int FixedPasses(Sample[] samples, double share)
    {
        var needed = samples.Select(sample => sample.Needed).Order().ToArray();
        return needed[Math.Min(needed.Length, (int)Math.Ceiling(needed.Length * share)) - 1];
    }

    /// <param name="Movements">After each pass but the last. (passes - 1)</param>
    private sealed record Sample(SweptText Text, double[] Movements, int Needed)
    {
        /// <summary>Those after which a text can be stopped.</summary>
        public IEnumerable<int> Passes => Enumerable.Range(1, Movements.Length);

        public double[] Features(int k) => LearnedPasses.Features(Text.Tokens, [.. Text.Traces.Take(k)]);

        public int PassesUnder(StopRule rule, int most) => Sweep.PassesUnder(rule, Text, most);
    }
}
