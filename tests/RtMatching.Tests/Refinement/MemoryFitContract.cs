using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Model;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

/// <summary>The learned map over a decoder's states is the one over <see cref="PlainDecoder"/>'s. Asked of decoders that compute in float32.</summary>
public abstract class MemoryFitContract<TDecoder> where TDecoder : ITestedDecoder
{
    protected static readonly ModelConfig Config = new()
    {
        Family = ModelFamily.Llama, Layers = 2, Hidden = 12, FeedForward = 16, Heads = 2, KeyValueHeads = 1, HeadDim = 4,
        Vocabulary = 30, Window = 64, RopeTheta = 10_000, NormEpsilon = 1e-6f,
    };

    protected static readonly int[][] Corpus = [.. Enumerable.Range(0, 40).Select(text => Ids(3 + text % 9, text))];

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

    private protected static LanguageModel Model(MemoryWeights weights) =>
        new("random", "00", new IdTokenizer(Config.Vocabulary), TDecoder.Build(Config with { EosId = 2 }, weights));

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

    private static int[] Ids(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Config.Vocabulary))];
    }
}
