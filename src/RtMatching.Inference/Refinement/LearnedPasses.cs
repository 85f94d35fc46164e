namespace RtMatching.Inference.Refinement;

/// <summary>
/// Stops once a small model is sure enough that the embedding will not move by more than <see cref="Epsilon"/> any more. After every pass it
/// reads length, attention entropy and first-token share of pass 1 and the latest changes, and expects so much movement still to come.
/// Trained by <c>LearnedStopTrainer</c>; a few dozen numbers, which stand in the profile.
/// </summary>
public sealed record LearnedPasses : StopRule
{
    /// <summary>After pass 1 no change is known, after pass 2 one; from pass 3 on the same model serves every pass.</summary>
    public const int StageCount = 3;

    /// <summary>Changes are looked at by their logarithm, and one of exactly zero counts as this.</summary>
    private const float LeastChange = 1e-6f;

    /// <summary>The movement that is let be: 1 - cosine between the embedding where a text stops and that of the last pass trained on.</summary>
    public required double Epsilon { get; init; }

    /// <summary>The pass after which a text may stop first: judging before changes are known may cost later passes more than it saves.</summary>
    public required int Earliest { get; init; }

    /// <summary>How many of a stage's <see cref="LearnedStage.Residual"/> are added to what it expects, so that the promised share of texts has settled.</summary>
    public required double Margin { get; init; }

    /// <summary>For pass 1, pass 2, and passes 3 and later. (<see cref="StageCount"/>)</summary>
    public required IReadOnlyList<LearnedStage> Stages { get; init; }

    /// <summary>Which of <see cref="Stages"/> judges after pass <paramref name="k"/>.</summary>
    public static int StageOf(int k) => Math.Min(k, StageCount) - 1;

    /// <summary>How many features a stage looks at.</summary>
    public static int FeatureCount(int stage) => stage switch { 0 => 3, 1 => 4, _ => 7 };

    /// <summary>
    /// The logarithm of the tokens, entropy and first-token share of pass 1's attention; from pass 2 on the logarithm of the latest relative
    /// change; from pass 3 on also those of the change before, of the second change and of k. (features of the stage)
    /// </summary>
    public static double[] Features(int tokens, IReadOnlyList<PassTrace> traces)
    {
        var k = traces.Count;
        double[] first = [Math.Log(Math.Max(1, tokens)), traces[0].AttentionEntropy, traces[0].FirstTokenShare];
        if (k == 1) return first;
        var change = Logarithm(traces[^1].RelativeChange);
        return k == 2 ? [.. first, change] : [.. first, change, Logarithm(traces[^2].RelativeChange), Logarithm(traces[^1].SecondChange), Math.Log(k)];
    }

    public override bool Stops(int tokens, IReadOnlyList<PassTrace> traces)
    {
        if (traces.Count < Earliest) return false;
        var stage = Stages[StageOf(traces.Count)];
        return stage.Expect(Features(tokens, traces)) + Margin * stage.Residual < Math.Log(Epsilon);
    }

    public override void Validate()
    {
        if (!(Epsilon is > 0 and < 1)) throw Invalid("epsilon must be between 0 and 1");
        if (Earliest is < 1 or > StageCount) throw Invalid($"earliest must be 1 to {StageCount}");
        if (!double.IsFinite(Margin)) throw Invalid("margin must be a number");
        if (Stages?.Count != StageCount || Stages.Contains(null!)) throw Invalid($"there must be {StageCount} stages");
        for (var i = 0; i < StageCount; i++)
        {
            if (Stages[i].IsSound(FeatureCount(i))) continue;
            throw Invalid($"stage {i + 1} must hold {FeatureCount(i)} finite means, deviations above 0 and weights, an intercept and a residual " +
                "of at least 0");
        }
    }

    public override string ToString() => "learned";

    /// <summary>By its numbers: a profile read back from the database is the profile that was stored.</summary>
    public bool Equals(LearnedPasses? other) =>
        other is not null && Epsilon.Equals(other.Epsilon) && Earliest == other.Earliest && Margin.Equals(other.Margin) && Stages.SequenceEqual(other.Stages);

    public override int GetHashCode() => HashCode.Combine(Epsilon, Earliest, Margin, Stages.Count);

    private static double Logarithm(float change) => Math.Log(Math.Max(change, LeastChange));     // not a number stays so, and stops nothing

    private static ArgumentException Invalid(string what) =>
        new($"Stop rule 'learned' cannot be used: {what}. Take the file as `rtmatch tune` wrote it, or train it again.");
}

/// <summary>A linear model over standardised features.</summary>
/// <param name="Means">Of each feature over the training texts. (features)</param>
/// <param name="Deviations">Standard deviations, above 0. (features)</param>
/// <param name="Weights">(features)</param>
/// <param name="Intercept">What a text that is average in everything has.</param>
/// <param name="Residual">Standard deviation of what the model misses by.</param>
public sealed record LearnedStage(
    IReadOnlyList<double> Means, IReadOnlyList<double> Deviations, IReadOnlyList<double> Weights, double Intercept, double Residual)
{
    /// <summary>A text unlike all that the model was trained on is taken for the strangest of those: lines drawn further out say nothing.</summary>
    private const double MostDeviations = 4;

    /// <returns>The logarithm of the movement still to come, as 1 - cosine.</returns>
    public double Expect(ReadOnlySpan<double> features)
    {
        var sum = Intercept;
        for (var i = 0; i < Weights.Count; i++) sum += Weights[i] * Math.Clamp((features[i] - Means[i]) / Deviations[i], -MostDeviations, MostDeviations);
        return sum;
    }

    internal bool IsSound(int features) =>
        Means?.Count == features && Deviations?.Count == features && Weights?.Count == features
        && Numbers().All(double.IsFinite) && Deviations.All(deviation => deviation > 0) && Residual >= 0;

    public bool Equals(LearnedStage? other) => other is not null && Weights.Count == other.Weights.Count && Numbers().SequenceEqual(other.Numbers());

    public override int GetHashCode() => HashCode.Combine(Intercept, Residual, Weights.Count);

    private IEnumerable<double> Numbers() => [.. Means, .. Deviations, .. Weights, Intercept, Residual];
}
