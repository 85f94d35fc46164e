using System.Text.Json;
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

    [Theory]
    [InlineData("0..0", 0, 0)]
    [InlineData("4..12", 4, 12)]
    [InlineData("all", 0, int.MaxValue)]
    [InlineData("ALL", 0, int.MaxValue)]
    public void Layers_are_read_as_they_are_written(string text, int first, int last)
    {
        Assert.True(LayerRange.TryParse(text, out var layers));
        Assert.Equal(new LayerRange(first, last), layers);
        Assert.Equal(text.ToLowerInvariant(), layers.ToString());
        Assert.Equal($"\"{layers}\"", JsonSerializer.Serialize(layers));
        Assert.Equal(layers, JsonSerializer.Deserialize<LayerRange>($"\"{text}\""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4")]
    [InlineData("..")]
    [InlineData("4..")]
    [InlineData("4..2")]
    [InlineData("-1..2")]
    [InlineData(" 1..2")]
    [InlineData("1..2..3")]
    [InlineData("1..99999999999")]
    [InlineData(null)]
    public void What_is_no_range_is_refused(string? text)
    {
        Assert.False(LayerRange.TryParse(text, out _));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LayerRange>(JsonSerializer.Serialize(text)));
    }

    [Fact]
    public void All_layers_may_be_said_of_any_pooling() => new EmbeddingOptions { Layers = LayerRange.All }.Validate(new ScriptedDecoder().Config);

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
