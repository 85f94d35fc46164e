using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>Tokenizers from GGUF metadata: the pipelines by name, and metadata that lie.</summary>
public class GgufTokenizerTests
{
    [Theory]
    [InlineData("gpt-2", "gpt2")]
    [InlineData("smollm", "smollm")]
    [InlineData("qwen2", "qwen2")]
    [InlineData("llama-bpe", "llama3")]
    public void A_named_pipeline_is_that_of_the_models_tokenizer_json(string pre, string pipeline)
    {
        var gguf = GgufTokenizer.Read(BuiltInVocabulary(pre));
        var json = TokenizerFiles.Pipeline(pipeline);
        foreach (var line in TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Where((_, i) => i % 5 == 0))
        {
            var text = line.GetProperty("text").GetString()!;
            Assert.Equal(json.Encode(text), gguf.Encode(text));
        }
    }

    [Fact]
    public void Start_and_end_tokens_are_added_where_the_file_says_so()
    {
        var metadata = Tiny();
        Assert.Empty(GgufTokenizer.Read(metadata).PrefixIds);
        metadata["tokenizer.ggml.add_eos_token"] = true;
        metadata["tokenizer.ggml.eos_token_id"] = 4L;
        Assert.Equal([4], GgufTokenizer.Read(metadata).SuffixIds);
        metadata["tokenizer.ggml.pre"] = "llama-bpe"; // Starts every text with its first token unless told otherwise.
        metadata["tokenizer.ggml.bos_token_id"] = 3UL;
        Assert.Equal([3], GgufTokenizer.Read(metadata).PrefixIds);
        metadata["tokenizer.ggml.add_bos_token"] = false;
        Assert.Empty(GgufTokenizer.Read(metadata).PrefixIds);
    }

    [Fact]
    public void Control_and_user_defined_tokens_are_found_in_the_text_and_unused_ones_are_not()
    {
        var tokenizer = GgufTokenizer.Read(Tiny());
        Assert.Equal([2, 3, 0, 4, 1], tokenizer.Encode("ab<c>a<u>b"));
        Assert.Empty(tokenizer.Encode("<p>")); // None of its letters is in the vocabulary.
    }

    [Theory]
    [InlineData("model", "llama", "llama", "gpt2")]
    [InlineData("model", null, "model", "missing")]
    [InlineData("model", 7L, "model", "Int64")]
    [InlineData("pre", "deepseek-coder", "deepseek-coder", "qwen2")]
    [InlineData("pre", null, "pre", "missing")]
    [InlineData("tokens", null, "tokens", "missing")]
    [InlineData("tokens", "a", "tokens", "String")]
    [InlineData("merges", null, "merges", "missing")]
    [InlineData("token_type", "a", "token_type", "integers")]
    [InlineData("add_bos_token", 1L, "add_bos_token", "Boolean")]
    [InlineData("add_eos_token", true, "eos_token_id", "missing")]
    public void A_key_of_the_wrong_kind_is_refused_by_name(string key, object? value, params string[] named)
    {
        var metadata = Tiny();
        metadata.Remove("tokenizer.ggml." + key);
        if (value is not null)
            metadata["tokenizer.ggml." + key] = value;
        AssertRefused(metadata, named);
    }

    public static TheoryData<string, object, string> Contradictions => new()
    {
        { "tokens", new[] { "a", "a", "ab", "<c>", "<u>", "<p>" }, "0 and 1" },
        { "tokens", Array.Empty<string>(), "entries for 0" },
        { "token_type", new[] { 1L, 1L }, "2 entries for 6" },
        { "merges", new[] { "a z" }, "\"z\"" },
        { "merges", new[] { "ab" }, "\"ab\"" },
        { "merges", new[] { "b a" }, "\"ba\"" },
        { "bos_token_id", 6L, "the id 6" },
        { "bos_token_id", -1L, "bos_token_id" },
        { "bos_token_id", ulong.MaxValue, "bos_token_id" },
        { "bos_token_id", 5L, "the id 5" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Metadata_that_contradict_themselves_are_refused(string key, object value, string named)
    {
        var metadata = Tiny();
        metadata["tokenizer.ggml.add_bos_token"] = true;
        metadata["tokenizer.ggml.bos_token_id"] = 3L;
        metadata["tokenizer.ggml." + key] = value;
        AssertRefused(metadata, [named]);
    }

    private static void AssertRefused(Dictionary<string, object> metadata, string[] named)
    {
        var error = Assert.Throws<InvalidTokenizerException>(() => GgufTokenizer.Read(metadata, "some.gguf"));
        Assert.All([.. named, "some.gguf"], name => Assert.Contains(name, error.Message));
    }

    private static Dictionary<string, object> Tiny() => new()
    {
        ["tokenizer.ggml.model"] = "gpt2",
        ["tokenizer.ggml.pre"] = "gpt-2",
        ["tokenizer.ggml.tokens"] = new[] { "a", "b", "ab", "<c>", "<u>", "<p>" },
        ["tokenizer.ggml.token_type"] = new[] { 1L, 1L, 1L, 3L, 4L, 5L },
        ["tokenizer.ggml.merges"] = new[] { "a b" },
    };

    private static Dictionary<string, object> BuiltInVocabulary(string pre)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(TokenizerFiles.BuiltIn))!;
        var tokens = new string[root["model"]!["vocab"]!.AsObject().Count];
        foreach (var (token, id) in root["model"]!["vocab"]!.AsObject())
            tokens[id!.GetValue<int>()] = token;
        return new()
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = pre,
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.token_type"] = tokens.Select(t => t == "<|endoftext|>" ? 3L : 1L).ToArray(),
            ["tokenizer.ggml.merges"] = root["model"]!["merges"]!.AsArray().Select(m => $"{m![0]} {m[1]}").ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 0L,
        };
    }
}
