using RtMatching.Inference.Pooling;

namespace RtMatching.Tests.Pooling;

public class EmbeddingOptionsTests
{
    [Theory]
    [InlineData(PoolingKind.Last, 0, "must be at least 1")]
    [InlineData(PoolingKind.Last, -3, "Iterations is -3")]
    [InlineData(PoolingKind.Mean, 2, "Pooling 'mean' takes no passes")]
    [InlineData(PoolingKind.Va, 2, "Pooling 'va' takes no passes")]
    public void Iterations_that_cannot_be(PoolingKind pooling, int iterations, string message) =>
        Refused(new EmbeddingOptions { Pooling = pooling, Iterations = iterations }, message);

    [Theory]
    [InlineData(PoolingKind.Last, 0, "1 to 8")]
    [InlineData(PoolingKind.Last, 9, "Dimension 9 is out of range")]
    [InlineData(PoolingKind.Va, 5, "1 to 4")]   // one KV head of 4
    public void Dimensions_that_cannot_be(PoolingKind pooling, int dimension, string message) =>
        Refused(new EmbeddingOptions { Pooling = pooling, Dimension = dimension }, message);

    [Theory]
    [InlineData(PoolingKind.Va, -1, 1, "the model has 0..2")]
    [InlineData(PoolingKind.Va, 0, 3, "Layers 0..3")]
    [InlineData(PoolingKind.AlignedWva, 2, 1, "Layers 2..1")]
    [InlineData(PoolingKind.Last, 0, 1, "belongs to poolings")]
    public void Layers_that_cannot_be(PoolingKind pooling, int first, int last, string message) =>
        Refused(new EmbeddingOptions { Pooling = pooling, Layers = new(first, last) }, message);

    [Fact]
    public void An_end_token_cannot_be_forced_where_none_is_appended()
    {
        Refused(new EmbeddingOptions { Pooling = PoolingKind.PromptEol, AppendEos = AppendEos.Always }, "inside its template");
        Refused(new EmbeddingOptions { Pooling = PoolingKind.Mean, AppendEos = AppendEos.Always }, "appends no end token");
        Refused(new EmbeddingOptions { MaxTokens = 0 }, "Max tokens is 0");
    }

    [Fact]
    public void The_dimension_is_known_before_anything_runs()
    {
        var config = new ScriptedDecoder().Config;

        Assert.Equal(8, new EmbeddingOptions().VectorDimension(config));
        Assert.Equal(4, new EmbeddingOptions { Pooling = PoolingKind.Va }.VectorDimension(config));
        Assert.Equal(3, new EmbeddingOptions { Dimension = 3 }.VectorDimension(config));
    }

    private static void Refused(EmbeddingOptions options, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => options.Validate(new ScriptedDecoder().Config)).Message);
}
