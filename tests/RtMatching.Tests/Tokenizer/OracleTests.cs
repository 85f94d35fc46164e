using System.Text.Json;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>Ids equal to Hugging Face tokenizers', which tests/oracle/tokenizer_oracle.py wrote down.</summary>
public class OracleTests
{
    [Theory]
    [InlineData("built-in")]
    [InlineData("qwen2")]
    [InlineData("llama3")]
    [InlineData("gpt2")]
    [InlineData("prefixed")]
    [InlineData("smollm")]
    [InlineData("added")]
    public void Ids_of_every_line_are_the_references(string pipeline)
    {
        var tokenizer = TokenizerFiles.Pipeline(pipeline);
        AssertSame(tokenizer, TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Select(line =>
            (line.GetProperty("text").GetString()!, Ids(line.TryGetProperty(pipeline, out var own) ? own : line.GetProperty("qwen2")))));
    }

    /// <summary>A wrong cut that no merge of the vocabulary crosses would not show in the ids, but would with a larger vocabulary.</summary>
    [Theory]
    [InlineData("qwen2", PreTokenizer.Qwen2)]
    [InlineData("llama3", PreTokenizer.Llama3)]
    [InlineData("gpt2", PreTokenizer.Gpt2)]
    [InlineData("smollm", PreTokenizer.SmolLm)]
    public void Words_of_every_line_are_the_references(string pipeline, object kind)
    {
        var texts = TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Select(line => line.GetProperty("text").GetString()!);
        foreach (var (text, line) in texts.Zip(TokenizerFiles.GoldenLines("words.jsonl.gz")))
        {
            var lengths = Ids(line.TryGetProperty(pipeline, out var own) ? own : line.GetProperty("qwen2"));
            Assert.True(lengths.SequenceEqual(WordLengths((PreTokenizer)kind, text)), JsonSerializer.Serialize(text));
        }
    }

    [Fact]
    public void A_contraction_ends_within_a_word_in_any_case_the_long_s_included() =>
        Assert.Equal([2, 2, 1, 3, 3], WordLengths(PreTokenizer.Qwen2, "it'\u017Ft'LLama"));

    private static List<int> WordLengths(PreTokenizer kind, string text)
    {
        var lengths = new List<int>();
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = WordScanner.WordEnd(kind, text, start);
            lengths.Add(end - start);
        }
        return lengths;
    }

    [Fact]
    public void Built_in_models_golden_ids_end_with_its_post_processors()
    {
        var tokenizer = TokenizerJson.Read(TokenizerFiles.BuiltIn);
        foreach (var line in File.ReadLines(Path.Combine(Path.GetDirectoryName(TokenizerFiles.BuiltIn)!, "golden.jsonl")))
        {
            var golden = JsonDocument.Parse(line).RootElement;
            int[] ids = [.. tokenizer.PrefixIds, .. tokenizer.Encode(golden.GetProperty("text").GetString()!), .. tokenizer.SuffixIds];
            Assert.Equal(Ids(golden.GetProperty("ids")), ids);
        }
        Assert.Equal([0], tokenizer.SuffixIds);
        Assert.Equal(30000, tokenizer.VocabularySize);
    }

    internal static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];

    internal static void AssertSame(ITokenizer tokenizer, IEnumerable<(string Text, int[] Ids)> golden)
    {
        var lines = 0;
        var different = new List<string>();
        foreach (var (text, ids) in golden)
        {
            var ours = tokenizer.Encode(text);
            if (!ours.AsSpan().SequenceEqual(ids))
                different.Add($"line {lines} {JsonSerializer.Serialize(text)}: [{string.Join(' ', ours)}], not [{string.Join(' ', ids)}]");
            lines++;
        }
        Assert.True(different.Count == 0, $"{different.Count} of {lines} lines differ; the first:\n{string.Join('\n', different.Take(5))}");
        Assert.True(lines >= 5000);
    }
}
