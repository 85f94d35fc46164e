using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using RtMatching.Inference.Model;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Weights;

/// <summary>Against files that the reference libraries wrote, and what those dequantise them to (tests/oracle/weights_oracle.py).</summary>
public class GoldenWeightsTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Weights", "Golden");
    private static readonly Dictionary<string, Dictionary<string, Expected>> Files =
        JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, Expected>>>(File.ReadAllText(Path.Combine(Golden, "tiny.json")))!;

    public sealed record Expected(
        [property: System.Text.Json.Serialization.JsonPropertyName("shape")] int[] Shape,
        [property: System.Text.Json.Serialization.JsonPropertyName("bits")] uint[] Bits);

    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    public void Every_type_dequantises_to_the_same_bits(string format)
    {
        using var weights = Open(format);
        Assert.Equal(Files[format].Keys.Order(), weights.Tensors.Keys.Order());
        foreach (var (name, expected) in Files[format])
        {
            Assert.Equal(expected.Shape, weights.Tensors[name].Shape);
            Assert.Equal(expected.Bits, MemoryMarshal.Cast<float, uint>(ReadAll(weights, weights.Tensors[name])).ToArray());
        }
    }

    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    public void A_row_alone_equals_the_same_row_among_all(string format)
    {
        using var weights = Open(format);
        foreach (var tensor in weights.Tensors.Values.Where(t => t.Shape.Count > 1))
        {
            var all = ReadAll(weights, tensor);
            var row = new float[all.Length / tensor.Shape[0]];
            for (var i = 0; i < tensor.Shape[0]; i++)
            {
                weights.ReadRows(tensor, i, 1, row);
                Assert.Equal(all.AsSpan(i * row.Length, row.Length), row.AsSpan());
            }
        }
    }

    [Fact]
    public void Only_Llama_files_have_their_query_rows_interleaved()
    {
        var bytes = File.ReadAllBytes(Path.Combine(Golden, "tiny.gguf"));
        "qwen3"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("llama"u8))); // the architecture; the keys keep their names
        using var file = new HostileFile("qwen3.gguf");
        File.WriteAllBytes(file.Path, bytes);
        using var qwen = GgufWeights.Open(file.Path);
        using var llama = Open("gguf");
        var query = llama.Tensors["model.layers.0.self_attn.q_proj.weight"];
        var (asStored, inOrder) = (ReadAll(qwen, query), ReadAll(llama, query));
        int[] stored = [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15]; // two heads of eight rows
        for (var row = 0; row < 16; row++)
            Assert.Equal(asStored.AsSpan(stored[row] * 32, 32), inOrder.AsSpan(row * 32, 32));
    }

    [Fact]
    public void Metadata_keep_their_types()
    {
        using var file = GgufFile.Open(Path.Combine(Golden, "tiny.gguf"));
        Assert.Equal("llama", file.Metadata["general.architecture"]);
        Assert.Equal(2L, file.Metadata["llama.attention.head_count"]);
        Assert.Equal(1UL << 63, file.Metadata["test.uint64"]);
        Assert.Equal(["a", "中文", ""], Assert.IsType<string[]>(file.Metadata["test.strings"]));
        Assert.Equal([1, -2, 3], Assert.IsType<int[]>(file.Metadata["test.integers"]));
    }

    [Fact]
    public void Rows_that_are_not_there_and_other_sizes_are_the_callers_error()
    {
        using var weights = Open("gguf");
        var norm = weights.Tensors["model.norm.weight"];
        var embedding = weights.Tensors["model.embed_tokens.weight"];
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.ReadRows(embedding, -1, 1, new float[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.ReadRows(embedding, 11, 1, new float[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.ReadRows(embedding, int.MaxValue, 1, new float[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.ReadRows(embedding, 1, int.MaxValue, new float[32]));
        Assert.Throws<ArgumentException>(() => weights.ReadRows(embedding, 0, 2, new float[63]));
        Assert.Throws<ArgumentException>(() => weights.ReadRows(norm with { Name = "other" }, 0, 1, new float[32]));
    }

    [Fact]
    public void Reading_after_disposal_throws_instead_of_touching_unmapped_memory()
    {
        var weights = Open("gguf");
        var norm = weights.Tensors["model.norm.weight"];
        weights.Dispose();
        Assert.Throws<ObjectDisposedException>(() => weights.ReadRows(norm, 0, 1, new float[32]));
    }

    [Fact]
    public void SmolLM2_dequantises_to_what_transformers_loads()
    {
        if (SharedModelsTests.Gguf is not { } path || !File.Exists(path)) return; // not applicable: no shared models on this machine
        var expected = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Golden, "smollm2.json")))!;
        using var weights = GgufWeights.Open(path);
        Assert.Equal(29, expected.Count);
        foreach (var (name, hash) in expected)
        {
            var numbers = ReadAll(weights, weights.Tensors[name]);
            Assert.Equal((name, hash), (name, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(numbers)))));
        }
    }

    private static IWeights Open(string format)
    {
        var path = Path.Combine(Golden, "tiny." + format);
        return format == "gguf" ? GgufWeights.Open(path) : SafetensorsWeights.Open(path);
    }

    private static float[] ReadAll(IWeights weights, TensorInfo tensor)
    {
        var numbers = new float[tensor.Shape.Aggregate(1, (product, size) => product * size)];
        weights.ReadRows(tensor, 0, tensor.Shape.Count < 2 ? 1 : tensor.Shape[0], numbers);
        return numbers;
    }
}
