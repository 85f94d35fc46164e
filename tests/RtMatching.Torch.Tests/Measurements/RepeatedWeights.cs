using System.Numerics.Tensors;
using RtMatching.Benchmarks;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Torch.Tests.Measurements;

/// <summary>A model of random matrices, one block of numbers over and over: eight thousand million of them are ready as fast as they are copied.</summary>
internal sealed class RepeatedWeights(ModelConfig config) : IWeights
{
    private static readonly float[] Block = MakeBlock();

    public string Hash => "random";

    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; } = new RandomWeights(config).Tensors;

    public void ReadRows(TensorInfo tensor, int firstRow, int rowCount, Span<float> destination)
    {
        if (tensor.Shape.Count == 1)
        {
            destination.Fill(1);    // a norm
            return;
        }

        var scale = 1.7f / MathF.Sqrt(tensor.Shape[^1]);    // what passes through keeps its size
        var at = (long)firstRow * tensor.Shape[^1];
        for (var written = 0; written < destination.Length;)
        {
            var start = (int)((at + written) % Block.Length);
            var count = Math.Min(Block.Length - start, destination.Length - written);
            TensorPrimitives.Multiply(Block.AsSpan(start, count), scale, destination.Slice(written, count));
            written += count;
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Its length has no factor in common with any width, so that no two rows of a matrix are alike.</summary>
    private static float[] MakeBlock()
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, 1_000_003).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
