using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;
using RtMatching.Inference.Weights;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

public class MemoryFitTests
{
    private static readonly ModelConfig Config = new()
    {
        Family = ModelFamily.Llama, Layers = 2, Hidden = 12, FeedForward = 16, Heads = 2, KeyValueHeads = 1, HeadDim = 4,
        Vocabulary = 30, Window = 64, RopeTheta = 10_000, NormEpsilon = 1e-6f,
    };

    private static readonly int[][] Corpus = [.. Enumerable.Range(0, 40).Select(text => Ids(3 + text % 9, text))];

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

    /// <summary>The gradient of sum |E - W H|^2 + lambda |W|^2, summed over the plain decoder's states, is zero at the map that was fitted.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_map_is_the_least_squares_solution_over_the_states_of_pass_1(bool preNorm)
    {
        var weights = MemoryWeights.Random(Config, 8);
        using var model = Model(weights);

        var result = new MemoryFit(model, new MemoryFitOptions(preNorm, Ridge: 0.01)).Run(Corpus.Select(IdTokenizer.Text));

        var (hidden, plain) = (Config.Hidden, new PlainDecoder(Config, weights));
        var fitted = Corpus.Where((_, text) => text % 10 != 0).ToArray();
        var pairs = fitted.SelectMany(ids => Pairs(plain, ids, preNorm)).ToArray();
        var lambda = 0.01 * pairs.Sum(pair => pair.State.Sum(v => v * v)) / hidden;
        for (var o = 0; o < hidden; o++)
        {
            var row = result.Map.Weight.Slice(o * hidden, hidden).ToArray();
            var errors = pairs.Select(pair => pair.State.Select((v, i) => v * row[i]).Sum() - pair.Embedding[o]).ToArray();
            for (var i = 0; i < hidden; i++)
            {
                var gradient = pairs.Select((pair, p) => errors[p] * pair.State[i]).Sum() + lambda * row[i];
                Assert.True(Math.Abs(gradient) < 1e-3 * pairs.Length, $"gradient {gradient} at ({o}, {i})");
            }
        }

        Assert.Equal(new MemoryMapOrigin("00", preNorm, 0.01, pairs.Length, fitted.Length), result.Map.Origin);
        Assert.Equal(Corpus.Sum(ids => ids.Length + 1) - pairs.Length, result.HeldOutTokens);
    }

    [Fact]
    public void The_held_out_texts_judge_the_map()
    {
        var weights = MemoryWeights.Random(Config, 8);
        using var model = Model(weights);

        var result = new MemoryFit(model, new MemoryFitOptions(Ridge: 0.01)).Run(Corpus.Select(IdTokenizer.Text));

        var plain = new PlainDecoder(Config, weights);
        var pairs = Corpus.Where((_, text) => text % 10 == 0).SelectMany(ids => Pairs(plain, ids, preNorm: false)).ToArray();
        var mapped = pairs.Select(pair => Mapped(result.Map, pair.State)).ToArray();
        var mean = Enumerable.Range(0, Config.Hidden).Select(i => pairs.Average(pair => pair.Embedding[i])).ToArray();
        var errors = pairs.Select((pair, p) => Squares(pair.Embedding, mapped[p])).Sum();
        Assert.Equal(1 - errors / pairs.Sum(pair => Squares(pair.Embedding, mean)), result.R2, 3);
        Assert.Equal(pairs.Select((pair, p) => Cosine(pair.Embedding, mapped[p])).Average(), result.Cosine, 3);
    }

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

    private static LanguageModel Model(MemoryWeights weights) =>
        new("random", "00", new IdTokenizer(Config.Vocabulary), new Decoder(Config with { EosId = 2 }, weights));

    private static IEnumerable<(double[] State, double[] Embedding)> Pairs(PlainDecoder plain, int[] ids, bool preNorm)
    {
        int[] sequence = [.. ids, 2];
        var pass = plain.Passes(sequence, 1)[0];
        return sequence.Select((id, j) => (preNorm ? pass.PreNorm[j] : pass.States[j], plain.Embed(id)));
    }

    private static double[] Mapped(MemoryMap map, double[] state)
    {
        float[] row = [.. state.Select(v => (float)v)];
        map.Apply(row);
        return [.. row.Select(v => (double)v)];
    }

    private static double Squares(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();

    private static double Cosine(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(y => y * y));

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    private static int[] Ids(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Config.Vocabulary))];
    }
}
