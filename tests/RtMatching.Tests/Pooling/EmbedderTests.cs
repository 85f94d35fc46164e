using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

public sealed class EmbedderTests : EmbedderContract<ManagedDecoder>
{
    [Fact]
    public void A_model_of_broken_weights_is_told_from_an_embedding()
    {
        var decoder = new ScriptedDecoder(hidden: 0);
        using var model = new LanguageModel("broken", "", new IdTokenizer(160), decoder);

        var error = Assert.Throws<InvalidOperationException>(() => new TextEmbedder(model).Embed(["1 2"], new EmbeddingOptions()));
        Assert.Contains("weights are damaged", error.Message);
    }
}
