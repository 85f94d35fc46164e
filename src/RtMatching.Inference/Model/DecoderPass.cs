using RtMatching.Inference.Kernels;

namespace RtMatching.Inference.Model;

/// <summary>What one run over the layers computes: which new tokens, against which cache, and what is kept of it.</summary>
internal sealed unsafe class DecoderPass
{
    /// <summary>One run for each text in the pass; together they cover rows 0 .. Rows - 1.</summary>
    public required TokenRun[] Runs { get; init; }

    /// <summary>A cache for each layer, or one that the layers share because nothing comes after this pass.</summary>
    public required KeyValueCache[] Caches { get; init; }

    /// <summary>Stands in the cache before the runs, which begin where their texts depart from it; null where they begin at position 0 or the cache holds it.</summary>
    public DecoderPrefix? Prefix { get; init; }

    /// <summary>After the last layer only the end tokens are wanted, in rows 0 .. Runs.Length - 1.</summary>
    public bool EndsOnly { get; init; }

    /// <summary>The last layer's attention rows of the end tokens: text t's at AttentionStart[t]. (heads, positions)</summary>
    public float* EndAttention { get; init; }
    public long[]? AttentionStart { get; init; }

    /// <summary>Called with (layer, keys and values) once these are final. (rows, 2, kvHeads, headDim)</summary>
    public LayerValues? LayerValues { get; init; }

    /// <summary>Called with (layer, text, attention output after W_O at the text's end token).</summary>
    public LayerOutput? AttentionOutput { get; init; }

    public int Rows => Runs[^1].FirstRow + Runs[^1].Count;
}

internal unsafe delegate void LayerValues(int layer, float* keyValues);

internal delegate void LayerOutput(int layer, int text, ReadOnlySpan<float> output);
