using System.Numerics.Tensors;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Tests.Model;

/// <summary>Small random models, read from their files, against Hugging Face transformers without any cache.</summary>
public abstract class GoldenModelContract<TDecoder> where TDecoder : ITestedDecoder
{
    private const double SameDirection = 0.9999;
    private const float AbsoluteError = 1e-3f;

    public static TheoryData<string> Families => GoldenModel.Families;

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_pass_equals_transformers(string family)
    {
        using var decoder = GoldenModel.Decoder<TDecoder>(family);
        var texts = GoldenModel.Texts(family);
        var capture = Capture.Refinement | Capture.AttentionOutputs;
        using var state = decoder.Prefill(new PackedBatch([.. texts.Select(text => text.Ids)]), capture);
        int[] rows = [.. Enumerable.Range(0, texts.Length)];
        for (var k = 1; k <= texts[0].Passes.Length; k++)
        {
            var memory = new float[rows.Length * decoder.Config.Hidden];
            state.Memory(rows, memory);
            foreach (var row in rows)
            {
                var golden = texts[row].Passes[k - 1];
                Same(golden.End, state.EndState(row));
                if (golden.AttentionRow is not null) Same(golden.AttentionRow, state.AttentionRow(row));
                if (golden.Memory is not null) Same(golden.Memory, memory.AsSpan(row * decoder.Config.Hidden, decoder.Config.Hidden));
                for (var layer = 0; layer < golden.AttentionOutputs?.Length; layer++)
                    Same(golden.AttentionOutputs[layer], state.AttentionOutput(row, layer));
            }

            state.Refine(rows, memory);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Means_equal_transformers(string family)
    {
        using var decoder = GoldenModel.Decoder<TDecoder>(family);
        var texts = GoldenModel.Texts(family);
        using var state = decoder.Prefill(new PackedBatch([.. texts.Select(text => text.Ids)]), Capture.MeanStates | Capture.Values);
        for (var row = 0; row < texts.Length; row++)
        {
            Same(texts[row].Mean, state.MeanState(row));
            for (var layer = 0; layer < decoder.Config.Layers; layer++) Same(texts[row].MeanValues[layer], state.MeanValue(row, layer));
        }
    }

    /// <summary>A cosine would forgive a wrong scale, so the numbers are compared too.</summary>
    private static void Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Close<TDecoder>.AssertDirection(expected, actual, SameDirection);
        var error = Math.Max(AbsoluteError, TDecoder.Tolerance);
        Assert.True(TensorPrimitives.Distance(expected, actual) <= error * Math.Max(1, TensorPrimitives.Norm(expected)));
    }
}
