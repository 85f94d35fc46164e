using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

public class BuiltInWeightsTests
{
    [Fact]
    public void Built_in_model_is_beside_the_program_and_reads()
    {
        var config = ModelConfigReader.ReadJson(Path.Combine(BuiltInModel.Path, ModelConfigReader.FileName));
        using var weights = SafetensorsWeights.Open(BuiltInModel.Path);

        var embedding = weights.Tensors["model.embed_tokens.weight"];
        var row = new float[config.Hidden];
        weights.ReadRows(embedding, config.Vocabulary - 1, 1, row);

        Assert.Equal([config.Vocabulary, config.Hidden], embedding.Shape);
        Assert.All(row, x => Assert.True(float.IsFinite(x)));
        Assert.Contains(row, x => x != 0);
        Assert.Equal((ModelFamily.Qwen3, 4, 64, true), (config.Family, config.Layers, config.HeadDim, config.QueryKeyNorm));
    }
}
