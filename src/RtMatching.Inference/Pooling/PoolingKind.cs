using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Pooling;

/// <summary>How a decoder's states become one vector.</summary>
public enum PoolingKind { Last, Mean, PromptEol, MetaEol, Va, AlignedWva }

/// <summary>What each pooling asks of the decoder and how it reads it.</summary>
public static class Poolings
{
    /// <summary>As the command line and the profiles write it.</summary>
    public static string Name(this PoolingKind kind) => kind switch
    {
        PoolingKind.Last => "last",
        PoolingKind.Mean => "mean",
        PoolingKind.PromptEol => "prompt-eol",
        PoolingKind.MetaEol => "meta-eol",
        PoolingKind.Va => "va",
        PoolingKind.AlignedWva => "aligned-wva",
        _ => throw Unknown(kind),
    };

    /// <summary>Components of the vector before any cut.</summary>
    public static int Width(this PoolingKind kind, ModelConfig config) => kind == PoolingKind.Va ? config.KeyValueWidth : config.Hidden;

    internal static Capture Capture(this PoolingKind kind) => kind switch
    {
        PoolingKind.Last or PoolingKind.PromptEol or PoolingKind.MetaEol => Model.Capture.None,
        PoolingKind.Mean => Model.Capture.MeanStates,
        PoolingKind.Va => Model.Capture.Values,
        PoolingKind.AlignedWva => Model.Capture.AttentionOutputs,
        _ => throw Unknown(kind),
    };

    internal static ReadOut ReadOut(this PoolingKind kind, LayerRange layers) => kind switch
    {
        PoolingKind.Last or PoolingKind.PromptEol or PoolingKind.MetaEol => static (state, row, vector) => state.EndState(row).CopyTo(vector),
        PoolingKind.Mean => static (state, row, vector) => state.MeanState(row).CopyTo(vector),
        PoolingKind.Va => (state, row, vector) => MeanValues(state, row, layers, vector),
        PoolingKind.AlignedWva => (state, row, vector) => SumOfAttentionOutputs(state, row, layers, vector),
        _ => throw Unknown(kind),
    };

    private static void MeanValues(IDecoderState state, int row, LayerRange layers, Span<float> vector)
    {
        vector.Clear();
        for (var layer = layers.First; layer <= layers.Last; layer++) TensorPrimitives.Add(vector, state.MeanValue(row, layer), vector);
        TensorPrimitives.Divide(vector, layers.Last - layers.First + 1, vector);
    }

    private static void SumOfAttentionOutputs(IDecoderState state, int row, LayerRange layers, Span<float> vector)
    {
        vector.Clear();
        for (var layer = layers.First; layer <= layers.Last; layer++) TensorPrimitives.Add(vector, state.AttentionOutput(row, layer), vector);
    }

    private static ArgumentOutOfRangeException Unknown(PoolingKind kind) => new(nameof(kind), kind, "Not a pooling.");
}
