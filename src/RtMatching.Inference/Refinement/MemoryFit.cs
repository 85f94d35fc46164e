using System.Numerics.Tensors;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Inference.Refinement;

/// <param name="PreNorm">Fit on states before the final norm.</param>
/// <param name="Ridge">Relative to the mean diagonal of the states' second moments.</param>
/// <param name="MaxTokens">Of the corpus, from its beginning; the rest is not read.</param>
public sealed record MemoryFitOptions(bool PreNorm = false, double Ridge = 1e-3, int MaxTokens = 200_000);

/// <param name="HeldOutTokens">Of every tenth text, which the map was not fitted on.</param>
/// <param name="R2">1 - sum |E - W H|^2 / sum |E - mean E|^2 over them: 1 is perfect, 0 no better than always the mean.</param>
/// <param name="Cosine">Mean cosine of W H and E over them.</param>
public sealed record MemoryFitResult(MemoryMap Map, long HeldOutTokens, double R2, double Cosine);

/// <summary>
/// Fits the linear map from H_j, the states of pass 1, to E(x_j), the input embeddings of the same tokens, by ridge regression
/// over a corpus: what a memory, a sum of states, is put through to become an input embedding.
/// </summary>
public sealed class MemoryFit(LanguageModel model, MemoryFitOptions options)
{
    /// <summary>Pairs for each number of a state, at least: with fewer, the map learns the corpus by heart.</summary>
    private const int PairsPerNumber = 10;

    /// <summary>One text in so many is held out.</summary>
    private const int HeldOutEvery = 10;

    /// <summary>Enough to judge by, and never more memory than a batch takes.</summary>
    private const int MaxHeldOutTokens = 8192;

    /// <summary>Longer texts are cut: what attention costs grows with the square of it, and what a token's state is changes little.</summary>
    private const int MaxTextTokens = 512;

    private readonly int _hidden = model.Config.Hidden;
    private readonly List<(int Id, float[] State)> _heldOut = [];

    /// <param name="progress">Called with tokens done and tokens in all.</param>
    /// <exception cref="ArgumentException">Too few tokens for the model's width, or a ridge that gives no map; the message says the remedy.</exception>
    public MemoryFitResult Run(IEnumerable<string> texts, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        var sequences = Read(texts, cancellation);
        var heldOut = HeldOut(sequences);
        CheckEnough(sequences.Where((_, text) => !heldOut[text]).Sum(ids => (long)ids.Length));

        var regression = new RidgeRegression(_hidden, _hidden);
        var (done, total) = (0L, sequences.Sum(ids => (long)ids.Length));
        foreach (var batch in BatchPlanner.Plan([.. sequences.Select(ids => ids.Length)], BatchBudget.Of(model, EnginePriority.Background)))
        {
            cancellation.ThrowIfCancellationRequested();
            Take([.. batch.Select(text => (sequences[text], heldOut[text]))], regression, cancellation);
            done += batch.Sum(text => (long)sequences[text].Length);
            progress?.Invoke(done, total);
        }

        var origin = new MemoryMapOrigin(model.WeightsHash, options.PreNorm, options.Ridge, regression.Count, heldOut.Count(held => !held));
        return Judge(new MemoryMap(regression.Solve(options.Ridge), origin));
    }

    /// <summary>The corpus's texts as sequences that end as texts to be embedded do, up to the number of tokens asked for.</summary>
    private List<int[]> Read(IEnumerable<string> texts, CancellationToken cancellation)
    {
        var endless = model.Tokenizer.SuffixIds.Count == 0 && model.Config.EosId is null;
        var builder = new SequenceBuilder(
            new EmbeddingOptions { Iterations = 2, MaxTokens = MaxTextTokens, AppendEos = endless ? AppendEos.Never : AppendEos.Auto }, model.Config, model.Tokenizer);
        var sequences = new List<int[]>();
        var tokens = 0L;
        foreach (var text in texts)
        {
            cancellation.ThrowIfCancellationRequested();
            if (string.IsNullOrWhiteSpace(text)) continue;
            var ids = builder.Build(text).Ids;
            tokens += ids.Length;
            if (tokens > options.MaxTokens) break;
            sequences.Add(ids);
        }

        return sequences;
    }

    /// <summary>Every tenth text until there are tokens enough to judge by; which ones follows from the corpus alone.</summary>
    private static bool[] HeldOut(List<int[]> sequences)
    {
        var heldOut = new bool[sequences.Count];
        var tokens = 0;
        for (var text = 0; text < sequences.Count && tokens < MaxHeldOutTokens; text += HeldOutEvery)
        {
            heldOut[text] = true;
            tokens += sequences[text].Length;
        }

        return heldOut;
    }

    private void CheckEnough(long tokens)
    {
        var needed = (long)PairsPerNumber * _hidden;
        if (tokens >= needed) return;
        throw new ArgumentException(
            $"A map for {model.Name}, whose states have {_hidden} numbers, needs at least {needed} tokens to be fitted on, and there are {tokens} " +
            $"(one text in {HeldOutEvery} is held out). Give a larger corpus, or take more of it with --tokens.");
    }

    /// <summary>Pairs of the batch's tokens: to the regression, or aside where their text is held out.</summary>
    private void Take((int[] Ids, bool HeldOut)[] batch, RidgeRegression regression, CancellationToken cancellation)
    {
        var embedding = new float[_hidden];
        using var turn = model.Gate.Enter(EnginePriority.Background, cancellation);
        using var state = model.Decoder.Prefill(
            new PackedBatch([.. batch.Select(text => text.Ids)]), Capture.Refinement, new MemorySource(PreNorm: options.PreNorm), cancellation: cancellation);
        for (var row = 0; row < batch.Length; row++)
        {
            var (ids, heldOut) = batch[row];
            for (var j = 0; j < ids.Length; j++)
            {
                var tokenState = state.TokenState(row, j);
                if (heldOut) _heldOut.Add((ids[j], tokenState.ToArray()));
                if (heldOut) continue;
                model.Decoder.Embedding(ids[j], embedding);
                regression.Add(tokenState, embedding);
            }
        }
    }

    private MemoryFitResult Judge(MemoryMap map)
    {
        var (embedding, sum) = (new float[_hidden], new double[_hidden]);
        double squares = 0, errors = 0, cosines = 0;
        foreach (var (id, state) in _heldOut)
        {
            model.Decoder.Embedding(id, embedding);
            map.Apply(state);
            squares += TensorPrimitives.SumOfSquares<float>(embedding);
            errors += Math.Pow(TensorPrimitives.Distance<float>(embedding, state), 2);
            cosines += TensorPrimitives.CosineSimilarity<float>(embedding, state);
            for (var i = 0; i < _hidden; i++) sum[i] += embedding[i];
        }

        var spread = squares - TensorPrimitives.SumOfSquares<double>(sum) / _heldOut.Count;
        return new MemoryFitResult(map, _heldOut.Count, 1 - errors / spread, cosines / _heldOut.Count);
    }
}
