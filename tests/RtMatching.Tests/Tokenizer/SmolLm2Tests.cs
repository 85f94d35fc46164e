using System.Text.Json;
using RtMatching.Inference.Tokenizer;
using RtMatching.Inference.Weights;

namespace RtMatching.Tests.Tokenizer;

/// <summary>SmolLM2's own vocabulary from its GGUF file. Runs where RTMATCH_MODELS names a folder that holds the model.</summary>
public class SmolLm2Tests
{
    private static readonly string Folder = Path.Combine(
        Environment.GetEnvironmentVariable("RTMATCH_MODELS") ?? "no-models-here", "SmolLM2-135M-Instruct-Q4_1");

    private static BpeTokenizer Tokenizer()
    {
        using var file = GgufFile.Open(Path.Combine(Folder, "SmolLM2-135M-Instruct.Q4_1.gguf"));
        return GgufTokenizer.Read(file.Metadata, file.Path);
    }

    [Fact]
    public void Ids_of_every_line_are_the_references()
    {
        if (!Directory.Exists(Folder))
            return;
        var texts = TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Select(line => line.GetProperty("text").GetString()!);
        OracleTests.AssertSame(Tokenizer(), texts.Zip(TokenizerFiles.GoldenLines("smollm2.jsonl.gz").Select(OracleTests.Ids)));
    }

    [Fact]
    public void Nothing_is_added_and_golden_ids_are_met()
    {
        if (!Directory.Exists(Folder))
            return;
        var tokenizer = Tokenizer();
        Assert.Empty(tokenizer.PrefixIds);
        Assert.Empty(tokenizer.SuffixIds);
        Assert.Equal(49152, tokenizer.VocabularySize);
        foreach (var line in File.ReadLines(Path.Combine(Folder, "golden.jsonl")))
        {
            var golden = JsonDocument.Parse(line).RootElement;
            Assert.Equal(OracleTests.Ids(golden.GetProperty("ids")), tokenizer.Encode(golden.GetProperty("text").GetString()!));
        }
    }
}
