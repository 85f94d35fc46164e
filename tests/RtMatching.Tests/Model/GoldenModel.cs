using System.Text.Json;
using System.Text.Json.Serialization;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

/// <summary>What Hugging Face transformers gave for one id sequence (tests/oracle/models_oracle.py).</summary>
/// <param name="Mean">Of the final-norm states of pass 1. (hidden)</param>
/// <param name="MeanValues">(layers, kvWidth)</param>
internal sealed record GoldenText(
    [property: JsonPropertyName("ids")] int[] Ids,
    [property: JsonPropertyName("mean")] float[] Mean,
    [property: JsonPropertyName("mean_values")] float[][] MeanValues,
    [property: JsonPropertyName("passes")] GoldenPass[] Passes);

/// <param name="End">The final-norm state of the last token. (hidden)</param>
/// <param name="AttentionRow">Only of passes 1 to 3, as what follows. (positions)</param>
/// <param name="Memory">(hidden)</param>
/// <param name="AttentionOutputs">At the last token. (layers, hidden)</param>
internal sealed record GoldenPass(
    [property: JsonPropertyName("k")] int K,
    [property: JsonPropertyName("end")] float[] End,
    [property: JsonPropertyName("attention_row")] float[]? AttentionRow,
    [property: JsonPropertyName("memory")] float[]? Memory,
    [property: JsonPropertyName("attention_outputs")] float[][]? AttentionOutputs);

/// <summary>A small random model of a family, and its golden texts.</summary>
internal static class GoldenModel
{
    public static TheoryData<string> Families => ["qwen3", "qwen2", "llama"];

    public static GoldenText[] Texts(string family) =>
        JsonSerializer.Deserialize<GoldenText[]>(File.ReadAllText(Path.Combine(Folder(family), "golden.json")))!;

    public static IDecoder Decoder<TDecoder>(string family) where TDecoder : ITestedDecoder => TDecoder.Build(Config(family), Weights(family));

    public static ModelConfig Config(string family) => ModelConfigReader.ReadJson(Path.Combine(Folder(family), ModelConfigReader.FileName));

    public static IWeights Weights(string family) => SafetensorsWeights.Open(Folder(family));

    private static string Folder(string family) => Path.Combine(AppContext.BaseDirectory, "Model", "Golden", $"{family}-tiny");
}
