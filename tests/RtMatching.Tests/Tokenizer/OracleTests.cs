using System.Text.Json;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>Ids equal to Hugging Face tokenizers', which tests/oracle/tokenizer_oracle.py wrote down.</summary>
public class OracleTests
{
    [Theory]
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
        Assert.Equal(20000, tokenizer.VocabularySize);
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
