using System.Globalization;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>
/// What libtorch computes in one kernel and TorchSharp has no method for, reached through TorchScript. Each is a single operator, so that
/// its compiler has nothing to fuse, and nothing to compile again for every new shape.
/// </summary>
internal sealed class TorchOperators : IDisposable
{
    private readonly torch.jit.CompilationUnit _script;

    /// <param name="normEpsilon">Of every norm of the model.</param>
    public TorchOperators(float normEpsilon)
    {
        // A script that does not compile ends the process, so nothing but a number is put into it; it must end with an empty line.
        var epsilon = ((double)normEpsilon).ToString("0.0################################", CultureInfo.InvariantCulture);
        _script = torch.jit.compile($"""
            def rms_norm(x, weight):
                return torch.rms_norm(x, [x.size(-1)], weight, {epsilon})

            def grouped_attention(queries, keys, values):
                return torch.scaled_dot_product_attention(queries, keys, values, None, 0.0, True, scale=None, enable_gqa=True)


            """);
    }

    /// <summary>Over the last dimension; sums are float32 whatever the precision.</summary>
    public Tensor RmsNorm(Tensor x, Tensor weight) => (Tensor)_script.invoke("rms_norm", x, weight);

    /// <summary>Causal, and each KV head serves a group of query heads without being copied for them.</summary>
    /// <param name="queries">(texts, heads, tokens, headDim)</param>
    /// <param name="keys">(texts, kvHeads, tokens, headDim), and so are <paramref name="values"/>.</param>
    public Tensor GroupedAttention(Tensor queries, Tensor keys, Tensor values) => (Tensor)_script.invoke("grouped_attention", queries, keys, values);

    public void Dispose() => _script.Dispose();
}
