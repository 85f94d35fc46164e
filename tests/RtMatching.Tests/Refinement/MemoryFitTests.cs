using RtMatching.Inference.Refinement;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

public sealed class MemoryFitTests : MemoryFitContract<ManagedDecoder>
{
    /// <summary>x = (1, 0), (1, 1), (0, 2) and y = 1, 3, 2: X X^T = [2 1; 1 5], X y = [4, 7]; lambda = ridge x 3.5.</summary>
    [Theory]
    [InlineData(0, 13.0 / 9, 10.0 / 9)]           // det 9: (4*5 - 7) / 9, (2*7 - 4) / 9
    [InlineData(2.0 / 7, 17.0 / 17, 17.0 / 17)]   // lambda 1, [3 1; 1 6], det 17: (24 - 7) / 17, (21 - 4) / 17
    public void A_case_solved_by_hand(double ridge, double first, double second)
    {
        var regression = new RidgeRegression(2, 1);
        regression.Add([1, 0], [1]);
        regression.Add([1, 1], [3]);
        regression.Add([0, 2], [2]);

        var solution = regression.Solve(ridge);

        Assert.Equal(first, solution[0], 6);
        Assert.Equal(second, solution[1], 6);
    }

    [Theory]
    [InlineData(7, 3, 40)]
    [InlineData(20, 20, 700)]   // more than two blocks
    public void What_is_linear_is_found_again(int inputs, int outputs, int pairs)
    {
        var random = new Random(inputs);
        var truth = Numbers(random, outputs * inputs);
        var regression = new RidgeRegression(inputs, outputs);
        for (var pair = 0; pair < pairs; pair++)
        {
            var x = Numbers(random, inputs);
            regression.Add(x, [.. Enumerable.Range(0, outputs).Select(o => Enumerable.Range(0, inputs).Sum(i => truth[o * inputs + i] * x[i]))]);
        }

        var solution = regression.Solve(0);

        for (var i = 0; i < truth.Length; i++) Assert.Equal(truth[i], solution[i], 4);
    }

    [Fact]
    public void Dependent_inputs_need_a_ridge_and_the_error_says_so()
    {
        var regression = new RidgeRegression(2, 1);
        for (var pair = 1; pair < 9; pair++) regression.Add([pair, 2 * pair], [pair]);

        Assert.Contains("larger ridge", Assert.Throws<ArgumentException>(() => regression.Solve(0)).Message);
        var solution = regression.Solve(1e-6);
        Assert.Equal(0.2, solution[0], 4);      // the shortest of all solutions: x / |x|^2
        Assert.Equal(0.4, solution[1], 4);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_ridge_is_a_number_from_0_on(double ridge) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RidgeRegression(2, 1).Solve(ridge));

    [Fact]
    public void Too_few_tokens_for_the_width_are_refused_with_how_many_are_needed()
    {
        using var model = Model(MemoryWeights.Random(Config, 8));
        var fit = new MemoryFit(model, new MemoryFitOptions());

        Assert.Contains("at least 120 tokens", Assert.Throws<ArgumentException>(() => fit.Run(Corpus.Take(10).Select(IdTokenizer.Text))).Message);
        Assert.Contains("there are 0", Assert.Throws<ArgumentException>(() => fit.Run(["", " "])).Message);
    }

    [Fact]
    public void No_more_of_the_corpus_is_read_than_asked_for()
    {
        using var model = Model(MemoryWeights.Random(Config, 8));
        var read = 0;

        var result = new MemoryFit(model, new MemoryFitOptions(MaxTokens: 200)).Run(Enumerable.Range(0, int.MaxValue).Select(_ => $"{read++ % 30} 2 3 4"));

        Assert.Equal(41, read);
        Assert.Equal(200, result.HeldOutTokens + result.Map.Origin.Tokens);
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
