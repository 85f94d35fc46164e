using System.Numerics.Tensors;
using System.Text.Json;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Model;

public sealed class LanguageModelTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rtmatch-model-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Built_in_model_gives_the_vectors_that_transformers_gives()
    {
        using var model = LanguageModel.Load(null);
        var golden = Path.Combine(BuiltInModel.Path, "golden.jsonl");
        Assert.Equal(BuiltInModel.Name, model.Name);
        foreach (var line in File.ReadLines(golden))
        {
            using var example = JsonDocument.Parse(line);
            var ids = Numbers<int>(example.RootElement.GetProperty("ids"));
            int[] encoded = [.. model.Tokenizer.Encode(example.RootElement.GetProperty("text").GetString()!), .. model.Tokenizer.SuffixIds];
            Assert.Equal(ids, encoded);
            AssertEndState(model, ids, Numbers<float>(example.RootElement.GetProperty("rt").GetProperty("1")));
        }
    }

    [Fact]
    public void Folder_with_one_gguf_file_gives_the_vectors_that_transformers_gives()
    {
        var shared = Environment.GetEnvironmentVariable(ModelCatalog.FolderVariable);
        var folder = Path.Combine(shared ?? "", "SmolLM2-135M-Instruct-Q4_1");
        if (shared is null || !Directory.Exists(folder)) return; // not applicable: no shared models on this machine
        using var model = LanguageModel.Load(folder);
        Assert.Equal("SmolLM2-135M-Instruct.Q4_1", model.Name);
        foreach (var line in File.ReadLines(Path.Combine(folder, "golden.jsonl")).Take(1)) // the decoder has tests of its own
        {
            using var example = JsonDocument.Parse(line);
            var ids = Numbers<int>(example.RootElement.GetProperty("ids"));
            Assert.Equal(ids, model.Tokenizer.Encode(example.RootElement.GetProperty("text").GetString()!));
            AssertEndState(model, ids, Numbers<float>(example.RootElement.GetProperty("last")));
        }
    }

    [Fact]
    public void Hash_is_of_the_weight_file()
    {
        using var model = LanguageModel.Load(BuiltInModel.Path);
        using var file = File.OpenRead(Path.Combine(BuiltInModel.Path, SafetensorsWeights.FileName));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)), model.WeightsHash);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public void Missing_file_is_named(string missing)
    {
        CopyBuiltIn(except: missing);
        var error = Assert.ThrowsAny<InvalidModelException>(() => LanguageModel.Load(_folder.FullName));
        Assert.Contains(_folder.FullName, error.Message);
        Assert.Contains(missing, error.Message);
    }

    [Theory]
    [InlineData("\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5", "'model.layers.4.input_layernorm.weight' is missing")]
    [InlineData("\"num_hidden_layers\": 4", "\"num_hidden_layers\": 3", "'model.layers.3.")]
    [InlineData("\"intermediate_size\": 768", "\"intermediate_size\": 512", "has the shape (768, 384) where the config asks for (512, 384)")]
    [InlineData("\"num_key_value_heads\": 6", "\"num_key_value_heads\": 2", "has the shape (384, 384) where the config asks for (128, 384)")]
    [InlineData("\"model_type\": \"qwen3\"", "\"model_type\": \"llama\"", "_norm.weight' belongs to no Llama model")]
    [InlineData("\"model_type\": \"qwen3\"", "\"model_type\": \"qwen2\"", "_proj.bias' is missing")]
    [InlineData("\"vocab_size\": 30000", "\"vocab_size\": 29999", "its tokenizer gives ids up to 29999, its embedding has 29999 rows")]
    public void Config_of_another_model_is_refused_with_the_tensor(string was, string becomes, string problem)
    {
        CopyBuiltIn(except: "");
        var config = Path.Combine(_folder.FullName, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace(was, becomes, StringComparison.Ordinal));
        var error = Assert.ThrowsAny<InvalidModelException>(() => LanguageModel.Load(_folder.FullName));
        Assert.Contains(problem, error.Message);
        Assert.Contains(_folder.FullName, error.Message);
    }

    [Fact]
    public void What_is_no_model_is_refused_with_what_a_model_is()
    {
        var nowhere = Path.Combine(_folder.FullName, "nowhere");
        Assert.Contains("GGUF file", Assert.ThrowsAny<InvalidModelException>(() => LanguageModel.Load(nowhere)).Message);
        Assert.Contains("config.json", Assert.ThrowsAny<InvalidModelException>(() => LanguageModel.Load(_folder.FullName)).Message);
        var other = Path.Combine(_folder.FullName, "model.bin");
        File.WriteAllText(other, "x");
        Assert.Contains("Give the folder", Assert.ThrowsAny<InvalidModelException>(() => LanguageModel.Load(other)).Message);
    }

    private void CopyBuiltIn(string except)
    {
        foreach (var file in Directory.EnumerateFiles(BuiltInModel.Path).Where(f => Path.GetFileName(f) != except))
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
    }

    private static void AssertEndState(LanguageModel model, int[] ids, float[] expected)
    {
        using var state = model.Decoder.Prefill(new PackedBatch([ids]), Capture.None);
        Assert.InRange(TensorPrimitives.CosineSimilarity(state.EndState(0), expected), 0.9999f, 1.0001f);
    }

    private static T[] Numbers<T>(JsonElement list) => list.Deserialize<T[]>()!;
}
