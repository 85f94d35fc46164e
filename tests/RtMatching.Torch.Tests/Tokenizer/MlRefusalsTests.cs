using RtMatching.Inference.Tokenizer;
using RtMatching.Tests.Tokenizer;

namespace RtMatching.Torch.Tests.Tokenizer;

/// <summary>What the library would do otherwise than the model's own tokenizer is refused by name, never done.</summary>
public class MlRefusalsTests
{
    private static readonly BpeDefinition BuiltIn = TokenizerJson.ReadDefinition(TokenizerFiles.BuiltIn);

    [Fact]
    public void Whole_words_of_Llama_3() => AssertRefused(TokenizerFiles.PipelineDefinition("llama3"), "ignore_merges");

    [Fact]
    public void A_blank_before_the_text() => AssertRefused(TokenizerFiles.PipelineDefinition("prefixed"), "add_prefix_space");

    [Fact]
    public void Flags_of_added_tokens()
    {
        AssertRefused(BuiltIn with { AddedTokens = [new AddedToken(30_000, "<a>", SingleWord: true)] }, "\"<a>\"", "single_word");
        AssertRefused(BuiltIn with { AddedTokens = [new AddedToken(30_000, "<a>", StripLeft: true)] }, "\"<a>\"", "lstrip");
        AssertRefused(BuiltIn with { AddedTokens = [new AddedToken(30_000, "<a>", StripRight: true)] }, "\"<a>\"", "rstrip");
        AssertRefused(BuiltIn with { AddedTokens = [new AddedToken(30_000, "<a>", Normalized: true)] }, "\"<a>\"", "normalized");
        AddedToken[] mixed = [new AddedToken(30_000, "<a>", Normalized: true), new AddedToken(30_001, "<b>")];
        AssertRefused(BuiltIn with { Normalization = default, AddedTokens = mixed }, "normalized");
    }

    [Fact]
    public void Merges_of_tokens_with_a_blank()
    {
        var vocabulary = new Dictionary<string, int>(BuiltIn.Vocabulary) { ["x y"] = 30_000, ["x yz"] = 30_001 };
        AssertRefused(BuiltIn with { Vocabulary = vocabulary, Merges = [.. BuiltIn.Merges, ("x y", "z")] }, "\"x y\"");
    }

    [Fact]
    public void What_contradicts_itself_is_refused_as_ours_refuses_it()
    {
        AssertSameRefusal(BuiltIn with { Merges = [.. BuiltIn.Merges, ("a", "\u0001")] });
        AssertSameRefusal(BuiltIn with { SuffixIds = [30_000] });
        AssertSameRefusal(BuiltIn with { UnknownToken = "<what>" });
        AssertSameRefusal(BuiltIn with { AddedTokens = [new AddedToken(5, "<a>")] });
    }

    private static void AssertSameRefusal(BpeDefinition definition) => Assert.Equal(
        Assert.Throws<InvalidTokenizerException>(() => new BpeTokenizer(definition)).Message,
        Assert.Throws<InvalidTokenizerException>(() => MlTokenizer.Create(definition)).Message);

    private static void AssertRefused(BpeDefinition definition, params string[] named)
    {
        var error = Assert.Throws<InvalidTokenizerException>(() => MlTokenizer.Create(definition));
        Assert.All([definition.Source, "Microsoft.ML.Tokenizers", .. named], name => Assert.Contains(name, error.Message));
    }
}
