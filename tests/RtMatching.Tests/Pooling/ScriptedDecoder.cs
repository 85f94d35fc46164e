using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>
/// A decoder without arithmetic: a row's states follow from its ids and pass alone, and what was asked of it is kept.
/// Real arithmetic is tested on real models; this one shows who is run when, and with what.
/// </summary>
internal sealed class ScriptedDecoder(int hidden = 8, int window = 64, int layers = 3, int? eos = 2) : IDecoder
{
    private int _inside;

    /// <summary>Called in every prefill, with its number from 1.</summary>
    public Action<int>? Prefilling { get; init; }

    /// <summary>Called in every further pass, with its number of rows.</summary>
    public Action<int>? Refining { get; init; }

    public string Device { get; init; } = "cpu";
    public int? BatchTokens { get; set; }
    public DeviceMemory? Memory { get; set; }

    /// <summary>Its arithmetic has gone wrong: nothing that it gives is a number.</summary>
    public bool IsDamaged { get; set; }

    public List<int[][]> Batches { get; } = [];
    public List<Capture> Captures { get; } = [];
    public List<(int[] Rows, float[] Memory)> Refinements { get; } = [];
    public List<ScriptedPrefix> Prefixes { get; } = [];

    /// <summary>What each prefill was given.</summary>
    public List<IPromptPrefix?> PrefixesUsed { get; } = [];
    public bool EnteredTwice { get; private set; }

    public ModelConfig Config { get; } = new()
    {
        Family = ModelFamily.Llama, Layers = layers, Hidden = hidden, FeedForward = 16, Heads = 2, KeyValueHeads = 1, HeadDim = 4,
        Vocabulary = 160, Window = window, RopeTheta = 1e4f, NormEpsilon = 1e-5f, EosId = eos,
    };

    public IDecoderState Prefill(
        PackedBatch batch, Capture capture, MemorySource memory = default, IPromptPrefix? prefix = null, CancellationToken cancellation = default)
    {
        if (Interlocked.Increment(ref _inside) > 1) EnteredTwice = true;
        Batches.Add([.. Enumerable.Range(0, batch.Rows).Select(row => batch.Ids[batch.Starts[row]..batch.Starts[row + 1]])]);
        Captures.Add(capture);
        PrefixesUsed.Add(prefix);
        var state = new State(this, Batches[^1]);
        try
        {
            Prefilling?.Invoke(Batches.Count);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    public IPromptPrefix Prefix(ReadOnlySpan<int> ids, CancellationToken cancellation = default)
    {
        Prefixes.Add(new ScriptedPrefix(ids.ToArray()));
        return Prefixes[^1];
    }

    public void Embedding(int id, Span<float> destination) => Vector([id], 5000, Config.Hidden).CopyTo(destination);

    public void Dispose()
    {
    }

    /// <summary>What the decoder answers, from a seed that every input moves.</summary>
    public static float[] Vector(int[] ids, int salt, int width)
    {
        var seed = ids.Aggregate(17 + salt, (hash, id) => unchecked(hash * 31 + id));
        var random = new Random(seed);
        return [.. Enumerable.Range(0, width).Select(_ => random.NextSingle() - 0.4f)];
    }

    internal sealed class ScriptedPrefix(int[] ids) : IPromptPrefix
    {
        public bool Disposed { get; private set; }
        public ReadOnlySpan<int> Ids => ids;
        public void Dispose() => Disposed = true;
    }

    private sealed class State(ScriptedDecoder decoder, int[][] texts) : IDecoderState
    {
        private readonly int[] _pass = [.. texts.Select(_ => 1)];
        private readonly int _hidden = decoder.Config.Hidden;

        public int Rows => texts.Length;
        public int Tokens(int row) => texts[row].Length;
        public ReadOnlySpan<float> EndState(int row) =>
            decoder.IsDamaged ? Enumerable.Repeat(float.NaN, _hidden).ToArray() : Vector(texts[row], _pass[row], _hidden);

        public ReadOnlySpan<float> AttentionRow(int row)
        {
            var positions = texts[row].Length + (_pass[row] > 1 ? 1 : 0);
            return Enumerable.Repeat(1f / positions, positions).ToArray();
        }

        public void Memory(ReadOnlySpan<int> rows, Span<float> memory)
        {
            for (var i = 0; i < rows.Length; i++) Vector(texts[rows[i]], 1000 + _pass[rows[i]], _hidden).CopyTo(memory[(i * _hidden)..]);
        }

        public void Refine(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, CancellationToken cancellation = default)
        {
            decoder.Refining?.Invoke(rows.Length);
            decoder.Refinements.Add((rows.ToArray(), memory.ToArray()));
            foreach (var row in rows) _pass[row]++;
        }

        public ReadOnlySpan<float> TokenState(int row, int position) => Vector(texts[row][..(position + 1)], 6000, _hidden);
        public ReadOnlySpan<float> MeanState(int row) => Vector(texts[row], 2000, _hidden);
        public ReadOnlySpan<float> MeanValue(int row, int layer) => Vector(texts[row], 3000 + layer, decoder.Config.KeyValueWidth);
        public ReadOnlySpan<float> AttentionOutput(int row, int layer) => Vector(texts[row], 4000 + 10 * layer + _pass[row], _hidden);
        public void Dispose() => Interlocked.Decrement(ref decoder._inside);
    }
}
