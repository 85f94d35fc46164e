using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Tests.Model;

/// <summary>What a process keeps of its batches. Alone, because it asks how large the process is.</summary>
[Collection(nameof(Alone))]
public abstract class DecoderMemoryContract<TDecoder> where TDecoder : ITestedDecoder
{
    private static readonly ModelConfig Shape = new()
    {
        Family = ModelFamily.Llama, Layers = 2, Hidden = 4, FeedForward = 4, Heads = 1, KeyValueHeads = 1, HeadDim = 16,
        Vocabulary = 128, Window = 128, RopeTheta = 10_000, NormEpsilon = 1e-6f,
    };

    /// <summary>Half a megabyte of float32 keys and values in each batch: were it kept, the process would grow by half a gigabyte.</summary>
    [Fact]
    public void A_thousand_batches_leave_memory_flat()
    {
        using var decoder = TDecoder.Build(Shape, MemoryWeights.Random(Shape, 1));
        var batch = new PackedBatch([.. Enumerable.Range(0, 100).Select(text => Enumerable.Range(text, 20).ToArray())]);
        for (var warmUp = 0; warmUp < 10; warmUp++) Run();
        var before = Environment.WorkingSet;
        for (var i = 0; i < 1000; i++) Run();
        Assert.True(Environment.WorkingSet - before < 128 << 20, $"grew by {(Environment.WorkingSet - before) >> 20} MiB");

        void Run()
        {
            using var state = decoder.Prefill(batch, Capture.Refinement | Capture.MeanStates | Capture.Values | Capture.AttentionOutputs);
            state.Refine([0, 1, 2], new float[3 * Shape.Hidden]);
        }
    }
}

/// <summary>Tests that no other may run beside.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
