using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>What one whole run over one text gives.</summary>
/// <param name="States">Final-norm states. (positions, hidden)</param>
/// <param name="PreNorm">The states before the final norm. (positions, hidden)</param>
/// <param name="HeadAttention">The last layer's attention rows of the last token. (heads, positions)</param>
/// <param name="Values">(layers, positions, kvWidth)</param>
/// <param name="EndOutputs">Attention outputs after W_O at the last token. (layers, hidden)</param>
internal sealed record PlainPass(double[][] States, double[][] PreNorm, double[][] HeadAttention, double[][][] Values, double[][] EndOutputs)
{
    /// <summary>Of one head, or the mean over all. (positions)</summary>
    public double[] EndAttention(int? head = null) => head is { } one
        ? HeadAttention[one]
        : [.. Enumerable.Range(0, States.Length).Select(j => HeadAttention.Average(row => row[j]))];
}

/// <summary>
/// The decoder and Refined Thought as the formulas say them: one text, double precision, nothing cached, every pass
/// computed from its first token again. Slow, and what the engine must equal.
/// </summary>
internal sealed class PlainDecoder(ModelConfig config, IWeights weights)
{
    private readonly Dictionary<string, double[][]> _read = [];

    /// <summary>Passes 1 .. k: [x_1 .. x_(n-1), eos], then [x_1 .. x_(n-1), m, eos] with m = sum_j a_j H_j of the pass before.</summary>
    /// <param name="scale">What is done to m before it goes in.</param>
    public PlainPass[] Passes(int[] ids, int k, MemorySource source = default, Func<double[], double[]>? scale = null)
    {
        var passes = new List<PlainPass> { Run([.. ids.Select(Embed)]) };
        while (passes.Count < k)
        {
            var memory = Memory(passes[^1], ids.Length, source);
            passes.Add(Run([.. ids[..^1].Select(Embed), scale?.Invoke(memory) ?? memory, Embed(ids[^1])]));
        }

        return [.. passes];
    }

    /// <param name="tokens">Of pass 1: the text's and the end token.</param>
    public static double[] Memory(PlainPass pass, int tokens, MemorySource source = default)
    {
        var (states, attention) = (source.PreNorm ? pass.PreNorm : pass.States, pass.EndAttention(source.Head));
        var memory = new double[states[0].Length];
        for (var j = 0; j < (source.TextOnly ? tokens - 1 : states.Length); j++) AddScaled(states[j], attention[j], memory);
        return memory;
    }

    /// <param name="inputs">Input embeddings. (positions, hidden)</param>
    public PlainPass Run(double[][] inputs)
    {
        var x = inputs.Select(row => (double[])row.Clone()).ToArray();
        var (values, outputs, headAttention) = (new List<double[][]>(), new List<double[]>(), Array.Empty<double[]>());
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var normed = Norm(x, Vector(prefix + "input_layernorm.weight"));
            var (output, v, attention) = Attend(normed, prefix + "self_attn.");
            Add(x, output);
            Add(x, FeedForward(Norm(x, Vector(prefix + "post_attention_layernorm.weight")), prefix + "mlp."));
            values.Add(v);
            outputs.Add(output[^1]);
            headAttention = attention;
        }

        return new PlainPass(Norm(x, Vector("model.norm.weight")), x, headAttention, [.. values], [.. outputs]);
    }

    public double[] Embed(int id)
    {
        var row = new float[config.Hidden];
        weights.ReadRows(weights.Tensors["model.embed_tokens.weight"], id, 1, row);
        return [.. row.Select(v => (double)v)];
    }

    private (double[][] Output, double[][] Values, double[][] HeadAttention) Attend(double[][] x, string prefix)
    {
        var q = Heads(Project(x, prefix + "q_proj"), prefix + "q_norm.weight");
        var k = Heads(Project(x, prefix + "k_proj"), prefix + "k_norm.weight");
        var v = Project(x, prefix + "v_proj");
        var context = x.Select(_ => new double[config.QueryWidth]).ToArray();
        var headAttention = new double[config.Heads][];
        for (var head = 0; head < config.Heads; head++)
        {
            var (queryStart, keyStart) = (head * config.HeadDim, head / (config.Heads / config.KeyValueHeads) * config.HeadDim);
            for (var i = 0; i < x.Length; i++)
            {
                var row = Softmax([.. Enumerable.Range(0, i + 1).Select(j => Dot(q[i], queryStart, k[j], keyStart) / Math.Sqrt(config.HeadDim))]);
                for (var j = 0; j <= i; j++)
                {
                    for (var d = 0; d < config.HeadDim; d++) context[i][queryStart + d] += row[j] * v[j][keyStart + d];
                }

                headAttention[head] = row;   // the last token's in the end
            }
        }

        return (Project(context, prefix + "o_proj"), v, headAttention);
    }

    /// <summary>Norm of each head where the family has it, then rotary embedding by the row's own position.</summary>
    private double[][] Heads(double[][] rows, string normName)
    {
        for (var position = 0; position < rows.Length; position++)
        {
            for (var start = 0; start < rows[position].Length; start += config.HeadDim)
            {
                var head = rows[position][start..(start + config.HeadDim)];
                if (config.QueryKeyNorm) head = Norm([head], Vector(normName))[0];
                Rotate(head, position).CopyTo(rows[position], start);
            }
        }

        return rows;
    }

    private double[] Rotate(double[] x, int position)
    {
        var (half, rotated) = (x.Length / 2, new double[x.Length]);
        for (var i = 0; i < half; i++)
        {
            var angle = position * Math.Pow(config.RopeTheta, -2.0 * i / x.Length);
            rotated[i] = x[i] * Math.Cos(angle) - x[i + half] * Math.Sin(angle);
            rotated[i + half] = x[i + half] * Math.Cos(angle) + x[i] * Math.Sin(angle);
        }

        return rotated;
    }

    private double[][] FeedForward(double[][] x, string prefix)
    {
        var (gate, up) = (Project(x, prefix + "gate_proj"), Project(x, prefix + "up_proj"));
        for (var i = 0; i < x.Length; i++)
        {
            for (var j = 0; j < gate[i].Length; j++) gate[i][j] = gate[i][j] / (1 + Math.Exp(-gate[i][j])) * up[i][j];
        }

        return Project(gate, prefix + "down_proj");
    }

    private double[][] Project(double[][] x, string name)
    {
        var matrix = Matrix(name + ".weight");
        var bias = weights.Tensors.ContainsKey(name + ".bias") ? Vector(name + ".bias") : new double[matrix.Length];
        return [.. x.Select(row => matrix.Select((w, o) => bias[o] + Dot(w, 0, row, 0, w.Length)).ToArray())];
    }

    private double[][] Norm(double[][] x, double[] weight) =>
        [.. x.Select(row =>
        {
            var rms = Math.Sqrt(row.Average(v => v * v) + config.NormEpsilon);
            return row.Select((v, i) => v / rms * weight[i]).ToArray();
        })];

    private double[] Vector(string name) => Matrix(name)[0];

    private double[][] Matrix(string name)
    {
        if (_read.TryGetValue(name, out var matrix)) return matrix;
        var tensor = weights.Tensors[name];
        var rows = tensor.Shape.Count == 1 ? 1 : tensor.Shape[0];
        var row = new float[tensor.Shape[^1]];
        matrix = new double[rows][];
        for (var r = 0; r < rows; r++)
        {
            weights.ReadRows(tensor, r, 1, row);
            matrix[r] = [.. row.Select(v => (double)v)];
        }

        return _read[name] = matrix;
    }

    private double Dot(double[] a, int aStart, double[] b, int bStart) => Dot(a, aStart, b, bStart, config.HeadDim);

    private static double Dot(double[] a, int aStart, double[] b, int bStart, int length)
    {
        var sum = 0.0;
        for (var i = 0; i < length; i++) sum += a[aStart + i] * b[bStart + i];
        return sum;
    }

    private static double[] Softmax(double[] scores)
    {
        var max = scores.Max();
        var exps = scores.Select(s => Math.Exp(s - max)).ToArray();
        var sum = exps.Sum();
        return [.. exps.Select(e => e / sum)];
    }

    private static void Add(double[][] x, double[][] y)
    {
        for (var i = 0; i < x.Length; i++) AddScaled(y[i], 1, x[i]);
    }

    private static void AddScaled(double[] x, double scale, double[] sum)
    {
        for (var i = 0; i < x.Length; i++) sum[i] += scale * x[i];
    }
}
