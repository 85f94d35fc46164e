using System.Numerics.Tensors;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;

namespace RtMatching.Torch.Tests;

public class TorchModelsTests
{
    private static readonly string[] Texts = ["Head chef, seasonal menus, twelve cooks.", "Bilanzbuchhalterin, IFRS", "会计师"];
    private static readonly TorchSettings OnCpu = new(new TorchDevices([TorchDevice.Cpu]));

    [WhereLibtorchIs]
    public void A_silos_model_gives_the_managed_engines_vectors_with_either_tokenizer()
    {
        var expected = Embed(LanguageModel.Load(null));
        Assert.All(Enum.GetValues<TokenizerKind>(), tokenizer => AssertSame(expected, Embed(TorchModels.Load(null, OnCpu with { Tokenizer = tokenizer })), 0.9999f));
        AssertSame(expected, Embed(TorchModels.Load(null, OnCpu with { Precision = TorchPrecision.BFloat16 })), 0.999f);
    }

    [WhereLibtorchIs]
    public void The_precision_is_f32_where_nothing_is_said_and_the_path_is_kept()
    {
        using var model = TorchModels.Load(null, OnCpu);
        Assert.Equal(TorchPrecision.Float32, Assert.IsType<TorchDecoder>(model.Decoder).Precision);
        Assert.Equal(BuiltInModel.Path, model.Path);
        Assert.Null(model.Decoder.BatchTokens);
    }

    private static float[][] Embed(LanguageModel model)
    {
        using (model)
        {
            var options = new EmbeddingOptions { Iterations = 2 };
            return [.. new TextEmbedder(model).Embed(Texts, options).Select(embedding => embedding.Vector)];
        }
    }

    private static void AssertSame(float[][] expected, float[][] actual, float cosine) => Assert.All(
        expected.Zip(actual), pair => Assert.InRange(TensorPrimitives.CosineSimilarity<float>(pair.First, pair.Second), cosine, 1.0001f));
}

/// <summary>Skipped with its reason where libtorch is not.</summary>
internal sealed class WhereLibtorchIsAttribute : FactAttribute
{
    public WhereLibtorchIsAttribute()
    {
        try
        {
            TorchLibrary.Require(new TorchDevices([TorchDevice.Cpu]));
        }
        catch (TorchUnavailableException unavailable)
        {
            Skip = unavailable.Message;
        }
    }
}
