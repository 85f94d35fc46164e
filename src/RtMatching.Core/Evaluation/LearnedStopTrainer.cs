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
/// <param name="MeanError">Between predicted and needed passes, absolute.</param>
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
/// Fits <see cref="LearnedPasses"/> to a sweep: ridge regression of the passes needed on what the first passes looked like, stumps boosted
/// on what it leaves, and a margin such that a stated share of unseen texts has settled where it stops (split conformal prediction).
/// </summary>
public static class LearnedStopTrainer
{
    /// <summary>With fewer, the held-out part is a handful of texts and its share says nothing.</summary>
    public const int LeastTexts = 50;

    private const double DefaultShare = 0.9;
    private const double Ridge = 0.01;
    private static readonly int[] StumpCounts = [0, 20, 60];

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
        var samples = refined.Select(text => new Sample(text, PassesNeeded(text, passes, epsilon))).ToArray();
        new Random(seed).Shuffle(samples);
        var (fit, calibrate, heldOut) = (samples[..(samples.Length * 3 / 5)], samples[(samples.Length * 3 / 5)..(samples.Length * 4 / 5)], samples[(samples.Length * 4 / 5)..]);

        var rule = Candidates(fit, calibrate, passes, share).MinBy(candidate => calibrate.Average(sample => sample.PassesUnder(candidate, passes)))!;
        var fixedPasses = FixedPasses([.. fit, .. calibrate], share);
        return new LearnedStopReport(rule, epsilon, share, passes, fit.Length, calibrate.Length, heldOut.Length,
            heldOut.Average(sample => sample.PassesUnder(rule, passes) >= sample.Needed ? 1.0 : 0),
            heldOut.Average(sample => sample.PassesUnder(rule, passes)),
            heldOut.Average(sample => Math.Abs(rule.Predict(sample.Features(rule.Observed)) - sample.Needed)),
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

    /// <summary>Rules that look at one pass or at several before they judge: seeing more predicts better, and costs every text those passes.</summary>
    private static IEnumerable<LearnedPasses> Candidates(Sample[] fit, Sample[] calibrate, int passes, double share)
    {
        for (var observed = 1; observed <= Math.Min(4, passes - 1); observed++)
        {
            var linear = FitLinear(fit, observed);
            var stumps = Boost(fit, linear, StumpCounts[^1]);
            foreach (var count in StumpCounts) yield return Calibrate(linear with { Stumps = [.. stumps.Take(count)] }, calibrate, share);
        }
    }

    private static LearnedPasses FitLinear(Sample[] fit, int observed)
    {
        var rows = fit.Select(sample => sample.Features(observed)).ToArray();   // (texts, features)
        var count = LearnedPasses.FeatureCount(observed);
        var means = new double[count];
        var deviations = new double[count];
        for (var f = 0; f < count; f++)
        {
            means[f] = rows.Average(row => row[f]);
            var deviation = Math.Sqrt(rows.Average(row => (row[f] - means[f]) * (row[f] - means[f])));
            deviations[f] = deviation > 1e-9 ? deviation : 1;   // a feature that never differs stands at 0 and weighs nothing
        }

        var mean = fit.Average(sample => sample.Needed);
        var standardised = rows.Select(row => row.Select((value, f) => (value - means[f]) / deviations[f]).ToArray()).ToArray();
        var weights = SolveRidge(standardised, [.. fit.Select(sample => sample.Needed - mean)]);
        return new LearnedPasses { Observed = observed, Means = means, Deviations = deviations, Weights = weights, Intercept = mean, Margin = 0 };
    }

    /// <summary>w of (X'X + lambda n I) w = X'y, by Cholesky: the matrix is symmetric and, with the ridge, positive definite.</summary>
    /// <param name="x">(texts, features)</param>
    private static double[] SolveRidge(double[][] x, double[] y)
    {
        var n = x[0].Length;
        var factor = new double[n, n];
        var w = new double[n];
        for (var i = 0; i < n; i++)
        {
            w[i] = x.Zip(y, (row, target) => row[i] * target).Sum();
            for (var j = 0; j <= i; j++)
            {
                var sum = x.Sum(row => row[i] * row[j]) + (i == j ? Ridge * x.Length : 0);
                for (var k = 0; k < j; k++) sum -= factor[i, k] * factor[j, k];
                factor[i, j] = i == j ? Math.Sqrt(sum) : sum / factor[j, j];
            }
        }

        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < i; k++) w[i] -= factor[i, k] * w[k];
            w[i] /= factor[i, i];
        }

        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++) w[i] -= factor[k, i] * w[k];
            w[i] /= factor[i, i];
        }

        return w;
    }

    /// <summary>Least-squares boosting: each stump takes a step towards what those before it leave.</summary>
    private static List<Stump> Boost(Sample[] fit, LearnedPasses linear, int count)
    {
        const double Step = 0.2;
        var rows = fit.Select(sample => sample.Features(linear.Observed)).ToArray();
        var left = fit.Select((sample, i) => sample.Needed - linear.Predict(rows[i])).ToArray();
        var stumps = new List<Stump>(count);
        while (stumps.Count < count && BestSplit(rows, left) is { } split)
        {
            var stump = split with { Below = Step * split.Below, Above = Step * split.Above };
            stumps.Add(stump);
            for (var i = 0; i < left.Length; i++) left[i] -= rows[i][stump.Feature] < stump.Threshold ? stump.Below : stump.Above;
        }

        return stumps;
    }

    /// <summary>The split whose two means explain most of <paramref name="left"/>; null where no split leaves enough texts on both sides.</summary>
    private static Stump? BestSplit(double[][] rows, double[] left)
    {
        const int Candidates = 16;
        var least = Math.Max(5, rows.Length / 50);
        (double Gain, Stump? Stump) best = (1e-12, null);
        for (var f = 0; f < rows[0].Length; f++)
        {
            var sorted = rows.Select(row => row[f]).Order().ToArray();
            for (var c = 1; c < Candidates; c++)
            {
                var threshold = sorted[c * sorted.Length / Candidates];
                var (below, count) = (0.0, 0);
                for (var i = 0; i < rows.Length; i++)
                    if (rows[i][f] < threshold) (below, count) = (below + left[i], count + 1);
                var (above, others) = (left.Sum() - below, rows.Length - count);
                if (count < least || others < least) continue;
                var gain = below * below / count + above * above / others;
                if (gain > best.Gain) best = (gain, new Stump(f, threshold, below / count, above / others));
            }
        }

        return best.Stump;
    }

    /// <summary>The margin is the residual that the share of the calibration texts, one more counted against us, does not exceed.</summary>
    private static LearnedPasses Calibrate(LearnedPasses rule, Sample[] calibrate, double share)
    {
        var residuals = calibrate.Select(sample => sample.Needed - rule.Predict(sample.Features(rule.Observed))).Order().ToArray();
        var place = (int)Math.Ceiling((residuals.Length + 1) * share);
        return rule with { Margin = residuals[Math.Min(place, residuals.Length) - 1] };
    }

    private static int FixedPasses(Sample[] samples, double share)
    {
        var needed = samples.Select(sample => sample.Needed).Order().ToArray();
        return needed[Math.Min(needed.Length, (int)Math.Ceiling(needed.Length * share)) - 1];
    }

    private sealed record Sample(SweptText Text, int Needed)
    {
        public double[] Features(int observed) => LearnedPasses.Features(Text.Tokens, Text.Traces, observed);

        public int PassesUnder(StopRule rule, int most) => Sweep.PassesUnder(rule, Text, most);
    }
}
