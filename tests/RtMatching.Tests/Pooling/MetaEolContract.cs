using System.Numerics.Tensors;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>The mean over eight prompts, with the built-in model: it is the same as eight plain passes.</summary>
public abstract class MetaEolContract<TDecoder> where TDecoder : ITestedDecoder
{
    protected static readonly EmbeddingOptions MetaEol = new() { Pooling = PoolingKind.MetaEol };

    protected static readonly string[] Texts =
    [
        "a cat", "一只猫在睡觉", "Ten years of accounting, and a team of five nurses led since 2014.", "", " ", "\n\t  \n", "\"", "\"\"quoted\"\"", "“引号”", "'\\\"",
        "a cat", "x",
    ];

    /// <summary>With the built-in model: whole sequences without a prefix, one at a time, averaged here.</summary>
    [Fact]
    public void It_is_the_mean_of_eight_separate_passes()
    {
        using var model = LanguageModel.Load(null, new ModelParts { Decoders = [TDecoder.Build] });
        var together = new TextEmbedder(model, batchTokens: 200).Embed(Texts, MetaEol);
        for (var text = 0; text < Texts.Length; text++)
        {
            var mean = new float[model.Config.Hidden];
            foreach (var prompt in Prompt.Of(MetaEol))
            {
                var template = prompt.For(Texts[text]);
                using var state = model.Decoder.Prefill(new PackedBatch([model.Tokenizer.Encode(template.Head + Texts[text] + template.Tail)]), Capture.None);
                TensorPrimitives.Add(mean, state.EndState(0), mean);
            }

            Assert.Equal(1, TensorPrimitives.Norm<float>(together[text].Vector), 5);
            Close<TDecoder>.AssertDirection(mean, together[text].Vector, 0.999999, $"text {text}");
        }
    }

    [Fact]
    public void A_batch_equals_each_text_alone_and_the_language_decides_the_prompts()
    {
        using var model = LanguageModel.Load(null, new ModelParts { Decoders = [TDecoder.Build] });
        var together = new TextEmbedder(model).Embed(Texts, MetaEol);
        var embedder = new TextEmbedder(model, batchTokens: 1);
        var alone = Texts.Select(text => embedder.Embed([text], MetaEol)[0]).ToArray();
        for (var text = 0; text < Texts.Length; text++)
        {
            Close<TDecoder>.AssertDirection(alone[text].Vector, together[text].Vector, 0.99999);
            Assert.Equal(alone[text].Tokens, together[text].Tokens);
        }

        Assert.Equal(together[0].Vector, together[10].Vector);
    }

    [Fact]
    public void It_can_be_one_of_several_readings()
    {
        using var model = LanguageModel.Load(null, new ModelParts { Decoders = [TDecoder.Build] });
        var embedder = new TextEmbedder(model);
        EmbeddingOptions[] options = [new() { Iterations = 3 }, MetaEol, new() { Pooling = PoolingKind.PromptEol }, MetaEol with { Dimension = 8 }];
        var together = embedder.EmbedStream(Texts[..3], options).ToList();
        for (var option = 0; option < options.Length; option++)
        {
            var alone = embedder.Embed(Texts[..3], options[option]);
            for (var text = 0; text < 3; text++)
            {
                Close<TDecoder>.AssertDirection(alone[text].Vector, together[text][option].Vector, 0.999999);
                Assert.Equal(alone[text].Tokens, together[text][option].Tokens);
            }
        }
    }
}
