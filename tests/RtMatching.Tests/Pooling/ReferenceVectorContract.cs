using System.Text.Json;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>
/// From text to vector against Hugging Face transformers: the built-in model always, SmolLM2-135M (GGUF, quantised, another
/// tokenizer and family) where the environment variable RTMATCH_MODELS names the folder that holds it.
/// </summary>
public abstract class ReferenceVectorContract<TDecoder> where TDecoder : ITestedDecoder
{
    private const double SameDirection = 0.9999;

    /// <summary>How many bare passes of SmolLM2 can be asked for: it never learned them, and answers a small error with a larger one.</summary>
    protected virtual int SmolLm2Passes => 12;

    [Fact]
    public void The_built_in_model_s_passes_and_mean()
    {
        using var model = Load(null);
        var golden = Golden(Path.Combine(BuiltInModel.Path, "golden.jsonl"));

        SameIds(model, golden, [.. model.Tokenizer.SuffixIds]);
        SamePasses(model, golden, "rt", new EmbeddingOptions { Iterations = 8 });
        Same(model, golden, "mean", new EmbeddingOptions { Pooling = PoolingKind.Mean });
    }

    [Fact]
    public void Smol_lm2_s_passes_and_poolings()
    {
        if (Environment.GetEnvironmentVariable("RTMATCH_MODELS") is not { Length: > 0 } models) return;   // weights too large to carry along

        var folder = Path.Combine(models, "SmolLM2-135M-Instruct-Q4_1");
        using var model = Load(Path.Combine(folder, "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var golden = Golden(Path.Combine(folder, "golden.jsonl"));
        SameIds(model, golden, []);
        SamePasses(model, golden, "rt_eos", new EmbeddingOptions { NoPrompt = true, Iterations = SmolLm2Passes });
        Same(model, golden, "last", new EmbeddingOptions { NoPrompt = true, AppendEos = AppendEos.Never });
        Same(model, golden, "mean", new EmbeddingOptions { Pooling = PoolingKind.Mean });
        Same(model, golden, "va", new EmbeddingOptions { Pooling = PoolingKind.Va });
        Same(model, golden, "prompt_eol", new EmbeddingOptions { Pooling = PoolingKind.PromptEol });
        Same(model, golden, "prompt_eol_rt8", new EmbeddingOptions { Pooling = PoolingKind.PromptEol, Iterations = 8 });
        Same(model, golden, "aligned_wva", new EmbeddingOptions { Pooling = PoolingKind.AlignedWva });
    }

    private static LanguageModel Load(string? path) => LanguageModel.Load(path, new ModelParts { Decoders = [TDecoder.Build] });

    private static JsonElement[] Golden(string path) => [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)];

    private static void SameIds(LanguageModel model, JsonElement[] golden, int[] suffix) => Assert.All(golden, text =>
        Assert.Equal(text.GetProperty("ids").Deserialize<int[]>(), model.Tokenizer.Encode(Text(text)).Concat(suffix)));

    /// <param name="field">An object of vectors by k.</param>
    private static void SamePasses(LanguageModel model, JsonElement[] golden, string field, EmbeddingOptions options)
    {
        var embeddings = new TextEmbedder(model).Embed([.. golden.Select(Text)], options with { AllIterations = true });
        foreach (var (text, embedding) in golden.Zip(embeddings))
        {
            foreach (var pass in text.GetProperty(field).EnumerateObject().Where(pass => int.Parse(pass.Name) <= options.Iterations))
                Same(pass.Value, embedding.Passes[int.Parse(pass.Name) - 1].Vector, $"{field} {pass.Name} of text {text.GetProperty("id")}");
        }
    }

    private static void Same(LanguageModel model, JsonElement[] golden, string field, EmbeddingOptions options)
    {
        var embeddings = new TextEmbedder(model).Embed([.. golden.Select(Text)], options);
        foreach (var (text, embedding) in golden.Zip(embeddings))
            Same(text.GetProperty(field), embedding.Vector, $"{field} of text {text.GetProperty("id")}");
    }

    private static void Same(JsonElement expected, float[] actual, string what) =>
        Close<TDecoder>.AssertDirection(expected.Deserialize<float[]>()!, actual, SameDirection, what);

    private static string Text(JsonElement golden) => golden.GetProperty("text").GetString()!;
}
