namespace RtMatching.Inference.Refinement;

/// <summary>
/// Stops after as many passes as a small model expects the text to need, from what its first <see cref="Observed"/> passes looked like:
/// a linear part over standardised <see cref="Features"/>, and stumps (one threshold each) for what is not linear.
/// Trained by <c>LearnedStopTrainer</c>; small enough to stand in a profile as numbers.
/// </summary>
public sealed record LearnedPasses : StopRule
{
    /// <summary>More would not pay: a text that needs so many passes is rare, and waiting for them costs what stopping saves.</summary>
    public const int MostObserved = 8;

    private const int MostStumps = 256;

    /// <summary>A text unlike all that the model was trained on is taken for the strangest of those: lines drawn further out say nothing.</summary>
    private const double MostDeviations = 4;

    /// <summary>A prediction of three passes must not become four by the last bit of a sum.</summary>
    private const double Rounding = 1e-6;

    /// <summary>Changes are looked at by their logarithm, and one of exactly zero counts as this.</summary>
    private const float LeastChange = 1e-6f;

    /// <summary>Passes that are always run and seen before the model judges; it judges once.</summary>
    public required int Observed { get; init; }

    /// <summary>Of each feature over the training texts. (features)</summary>
    public required IReadOnlyList<double> Means { get; init; }

    /// <summary>Standard deviations of the features, above 0. (features)</summary>
    public required IReadOnlyList<double> Deviations { get; init; }

    /// <summary>Passes for each standard deviation of a feature. (features)</summary>
    public required IReadOnlyList<double> Weights { get; init; }

    /// <summary>Passes of a text that is average in everything.</summary>
    public required double Intercept { get; init; }

    /// <summary>Added to the linear part.</summary>
    public IReadOnlyList<Stump> Stumps { get; init; } = [];

    /// <summary>Added to the prediction so that the share of texts asked for in training is not stopped too early.</summary>
    public required double Margin { get; init; }

    /// <summary>How many features <paramref name="observed"/> passes give.</summary>
    public static int FeatureCount(int observed) => 3 + (observed - 1) + Math.Max(0, observed - 2);

    /// <summary>
    /// The logarithm of the tokens, entropy and first-token share of pass 1's attention, then the logarithms of the relative changes of passes
    /// 2..observed and of the second changes of passes 3..observed. (features)
    /// </summary>
    /// <param name="traces">At least <paramref name="observed"/>.</param>
    public static double[] Features(int tokens, IReadOnlyList<PassTrace> traces, int observed)
    {
        var features = new double[FeatureCount(observed)];
        (features[0], features[1], features[2]) = (Math.Log(Math.Max(1, tokens)), traces[0].AttentionEntropy, traces[0].FirstTokenShare);
        for (var pass = 1; pass < observed; pass++) features[2 + pass] = Logarithm(traces[pass].RelativeChange);
        for (var pass = 2; pass < observed; pass++) features[observed + pass] = Logarithm(traces[pass].SecondChange);
        return features;
    }

    /// <summary>The passes that the model expects the text to need, without the margin.</summary>
    /// <param name="features">Of <see cref="Features"/>.</param>
    public double Predict(ReadOnlySpan<double> features)
    {
        var passes = Intercept;
        for (var i = 0; i < Weights.Count; i++) passes += Weights[i] * Math.Clamp((features[i] - Means[i]) / Deviations[i], -MostDeviations, MostDeviations);
        foreach (var stump in Stumps) passes += features[stump.Feature] < stump.Threshold ? stump.Below : stump.Above;
        return passes;
    }

    public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces) =>
        traces.Count >= Observed && traces.Count >= Predict(Features(tokens, traces, Observed)) + Margin - Rounding;

    public override void Validate()
    {
        if (Observed is < 1 or > MostObserved) throw Invalid($"observed is {Observed}, but must be 1 to {MostObserved}");
        var count = FeatureCount(Observed);
        if (Means?.Count != count || Deviations?.Count != count || Weights?.Count != count)
            throw Invalid($"means, deviations and weights must hold {count} numbers each for {Observed} observed passes");
        if (Stumps is null || Stumps.Count > MostStumps) throw Invalid($"there may be at most {MostStumps} stumps");
        if (Stumps.Any(stump => stump is null || stump.Feature < 0 || stump.Feature >= count)) throw Invalid($"a stump's feature must be 0 to {count - 1}");
        if (Deviations.Any(deviation => deviation <= 0)) throw Invalid("deviations must be above 0");
        if (!Numbers().All(double.IsFinite)) throw Invalid("every number must be finite");
    }

    public override string ToString() => "learned";

    /// <summary>By its numbers: a profile read back from the database is the profile that was stored.</summary>
    public bool Equals(LearnedPasses? other) =>
        other is not null && Observed == other.Observed && Weights.Count == other.Weights.Count && Stumps.Count == other.Stumps.Count
        && Numbers().SequenceEqual(other.Numbers()) && Stumps.SequenceEqual(other.Stumps);

    public override int GetHashCode() => HashCode.Combine(Observed, Intercept, Margin, Weights.Count, Stumps.Count);

    private IEnumerable<double> Numbers() =>
        [Intercept, Margin, .. Means, .. Deviations, .. Weights, .. Stumps.SelectMany(stump => (double[])[stump.Threshold, stump.Below, stump.Above])];

    private static double Logarithm(float change) => Math.Log(float.IsNaN(change) ? LeastChange : Math.Max(change, LeastChange));

    private static ArgumentException Invalid(string what) =>
        new($"Stop rule 'learned' cannot be used: {what}. Take the file as `rtmatch tune` wrote it, or train it again.");
}

/// <summary>Adds <paramref name="Below"/> where a feature is less than the threshold, else <paramref name="Above"/>; features are not standardised here.</summary>
public sealed record Stump(int Feature, double Threshold, double Below, double Above);
