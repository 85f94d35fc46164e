using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>The built-in model's tokenizer.json, also edited into other families' pipelines, and the goldens of tests/oracle.</summary>
internal static class TokenizerFiles
{
    private const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string ByteLevel = """{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}""";

    public static string BuiltIn { get; } = Path.Combine(RepositoryRoot(), "models", "rt-mini", "tokenizer.json");

    public static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Tokenizer", "Golden", name);

    public static IEnumerable<JsonElement> GoldenLines(string name)
    {
        using var file = new StreamReader(new GZipStream(File.OpenRead(Golden(name)), CompressionMode.Decompress));
        while (file.ReadLine() is { } line)
            yield return JsonDocument.Parse(line).RootElement;
    }

    /// <summary>The pipelines of tokenizer_oracle.py, edited in the same way.</summary>
    public static BpeTokenizer Pipeline(string name) => new(PipelineDefinition(name));

    public static BpeDefinition PipelineDefinition(string name) => EditedDefinition(root =>
    {
        switch (name)
        {
            case "built-in":
                break;
            case "qwen2":
                root["normalizer"] = JsonNode.Parse("""{"type": "NFC"}""");
                break;
            case "llama3":
                root["model"]!["ignore_merges"] = true;
                root["normalizer"] = null;
                root["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = Llama3Pattern;
                break;
            case "gpt2" or "prefixed":
                root["normalizer"] = null;
                root["pre_tokenizer"] = JsonNode.Parse(ByteLevel);
                root["pre_tokenizer"]!["add_prefix_space"] = name == "prefixed";
                break;
            case "smollm":
                root["normalizer"] = null;
                root["pre_tokenizer"] = JsonNode.Parse(
                    $$"""{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {{ByteLevel}}]}""");
                break;
            case "added":
                AddTokens(root);
                break;
            default:
                throw new ArgumentException(name);
        }
    });

    /// <summary>Reads the built-in tokenizer.json after an edit.</summary>
    public static BpeTokenizer Edited(Action<JsonNode> edit) => new(EditedDefinition(edit));

    public static BpeDefinition EditedDefinition(Action<JsonNode> edit)
    {
        var root = JsonNode.Parse(File.ReadAllText(BuiltIn))!;
        edit(root);
        return ReadDefinition(System.Text.Encoding.UTF8.GetBytes(root.ToJsonString()));
    }

    public static BpeTokenizer Read(string json) => Read(System.Text.Encoding.UTF8.GetBytes(json));

    public static BpeTokenizer Read(byte[] bytes) => new(ReadDefinition(bytes));

    private static BpeDefinition ReadDefinition(byte[] bytes)
    {
        var path = Path.Combine(Path.GetTempPath(), $"rtmatch-{Guid.NewGuid():N}.json");
        File.WriteAllBytes(path, bytes);
        try
        {
            return TokenizerJson.ReadDefinition(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void AddTokens(JsonNode root)
    {
        var id = root["model"]!["vocab"]!.AsObject().Count;
        void Add(string content, params string[] flags)
        {
            var token = new JsonObject { ["id"] = id++, ["content"] = content };
            foreach (var flag in new[] { "single_word", "lstrip", "rstrip", "normalized", "special" })
                token[flag] = flags.Contains(flag);
            root["added_tokens"]!.AsArray().Add(token);
        }
        Add("<|im_start|>", "special");
        Add("<|im_end|>", "rstrip", "special");
        Add("<pad>", "lstrip", "rstrip");
        Add("[MASK]", "lstrip");
        Add("wholeword", "single_word");
        Add("<Ångström>", "normalized");
        Add("<|tool|>");
        Add("<|tool|>x");
        Add("  ~~", "normalized", "single_word");
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RtMatching.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("The tests run from within the repository.");
    }
}
