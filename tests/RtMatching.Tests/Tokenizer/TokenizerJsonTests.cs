using System.Text;
using System.Text.Json.Nodes;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>What a tokenizer.json may say, and what becomes of one that says something else.</summary>
/// <remarks>The ids expected here are those of Hugging Face tokenizers for the same files.</remarks>
public class TokenizerJsonTests
{
    /// <summary>The least that is a tokenizer: three letters and their merges.</summary>
    private const string Tiny = """
        {
          "added_tokens": [{"id": 7, "content": "<end>", "special": true}],
          "normalizer": null,
          "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
          "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<end>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<two>"}}],
            "special_tokens": {"<end>": {"ids": [7]}, "<two>": {"ids": [7, 0]}}},
          "model": {"type": "BPE",
            "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "c": 4, "bc": 5, "abc": 6},
            "merges": ["a b", "b c", "ab c"]}
        }
        """;

    [Fact]
    public void A_template_gives_what_stands_before_and_after()
    {
        var tokenizer = TokenizerFiles.Read(Tiny);
        Assert.Equal([7], tokenizer.PrefixIds);
        Assert.Equal([7, 0], tokenizer.SuffixIds);
        Assert.Equal(8, tokenizer.VocabularySize);
        Assert.Equal([6, 7, 3], tokenizer.Encode("abc<end>ab"));
        Assert.Equal("abc<end>ab", tokenizer.Decode([6, 7, 3]));
    }

    [Theory]
    [InlineData("{}", "axxb", new[] { 3 })] // Bytes without a token vanish, and their neighbours meet.
    [InlineData("{}", "xx", new int[0])]
    [InlineData("""{"unk_token": "<unk>"}""", "axxb", new[] { 1, 0, 0, 2 })]
    [InlineData("""{"unk_token": "<unk>"}""", "axéb", new[] { 1, 0, 0, 0, 2 })]
    [InlineData("""{"unk_token": "<unk>", "fuse_unk": true}""", "axxb", new[] { 1, 0, 2 })]
    [InlineData("""{"merges": [["a", "b"], ["b", "c"], ["ab", "c"]]}""", "abcab", new[] { 6, 3 })]
    [InlineData("""{"merges": ["a b", "b c", "a b"]}""", "abc", new[] { 1, 5 })] // A merge named twice counts where it stands last.
    [InlineData("""{"merges": [], "ignore_merges": true}""", "abc", new[] { 6 })]
    [InlineData("""{"merges": [], "ignore_merges": false}""", "abc", new[] { 1, 2, 4 })]
    public void Model_settings_count(string settings, string text, int[] ids)
    {
        var root = JsonNode.Parse(Tiny)!;
        foreach (var (name, value) in JsonNode.Parse(settings)!.AsObject())
            root["model"]![name] = value?.DeepClone();
        Assert.Equal(ids, TokenizerFiles.Read(root.ToJsonString()).Encode(text));
    }

    [Fact]
    public void A_sequence_of_normalisers_and_processors_counts_as_its_parts()
    {
        var tokenizer = TokenizerFiles.Edited(root =>
        {
            root["normalizer"] = JsonNode.Parse("""{"type": "Sequence", "normalizers": [{"type": "NFC"}]}""");
            root["post_processor"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["processors"] = new JsonArray(JsonNode.Parse("""{"type": "ByteLevel"}"""), root["post_processor"]!.DeepClone()),
            };
        });
        Assert.Equal([0], tokenizer.SuffixIds);
        Assert.Equal(tokenizer.Encode("caf\u00E9"), tokenizer.Encode("cafe\u0301"));
    }

    [Theory]
    [InlineData("""{"type": "Lowercase"}""", "abC\u0041B", "abcab")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}""", "A\u030A\u0130", "\u00E5i\u0307")]
    [InlineData("""{"type": "Sequence", "normalizers": []}""", "B\u030A", "B\u030A")]
    public void A_normaliser_makes_small_letters_after_composing(string normalizer, string text, string same)
    {
        var tokenizer = TokenizerFiles.Edited(root => root["normalizer"] = JsonNode.Parse(normalizer));
        Assert.Equal(same, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData("\"BPE\"", "\"Unigram\"", "model.type", "Unigram", "byte-level BPE")]
    [InlineData("\"BPE\"", "\"WordPiece\"", "model.type", "WordPiece", "byte-level BPE")]
    [InlineData("\"type\": \"BPE\"", "\"byte_fallback\": true", "model.byte_fallback", "true")]
    [InlineData("\"type\": \"BPE\"", "\"dropout\": 0.1", "model.dropout", "dropout")]
    [InlineData("\"type\": \"BPE\"", "\"end_of_word_suffix\": \"</w>\"", "model.end_of_word_suffix", "</w>")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\": \"BertNormalizer\"}", "normalizer", "BertNormalizer", "NFC, Lowercase")]
    [InlineData("\"normalizer\": null",
        """ "normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFC"}]} """, "normalizer", "Lowercase, NFC", "NFC, then")]
    [InlineData("\"normalizer\": null", """ "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFD"}]} """, "normalizers[0]", "NFD")]
    [InlineData("{\"type\": \"ByteLevel\"", "{\"type\": \"Metaspace\"", "pre_tokenizer", "Metaspace")]
    [InlineData("\"use_regex\": true", "\"use_regex\": false", "pre_tokenizer", "use_regex")]
    [InlineData("\"TemplateProcessing\"", "\"BertProcessing\"", "post_processor", "BertProcessing")]
    public void What_is_not_supported_is_refused_by_name(string old, string replacement, params string[] named) =>
        AssertRefused(old, replacement, named);

    [Theory]
    [InlineData("", "pre_tokenizer", "not supported")]
    [InlineData("""{"type": "ByteLevel"}""", "pre_tokenizer", "a sequence of ByteLevel")]
    [InlineData("""{"type": "Digits"}, {"type": "ByteLevel"}""", "pretokenizers[0]", "individual_digits")]
    [InlineData("""{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "use_regex": false}""", "use_regex: false")]
    [InlineData("""{"type": "Whitespace"}, {"type": "ByteLevel"}""", "pretokenizers[0]", "Whitespace")]
    [InlineData("""{"type": "Digits"}, {"type": "ByteLevel", "add_prefix_space": true}""", "pretokenizers[1]", "add_prefix_space")]
    [InlineData("""{"type": "Split", "behavior": "Contiguous"}, {"type": "ByteLevel", "use_regex": false}""", "behavior", "Contiguous")]
    [InlineData(
        """{"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(a+)+"}}, {"type": "ByteLevel", "use_regex": false}""",
        "pretokenizers[0].pattern.Regex", "(a+)+")]
    [InlineData(
        """{"type": "Split", "behavior": "Isolated", "pattern": {"String": " "}}, {"type": "ByteLevel", "use_regex": false}""",
        "pretokenizers[0].pattern", "Regex")]
    public void A_cut_that_is_not_known_is_refused_by_name(string steps, params string[] named) => AssertRefused(
        "\"type\": \"ByteLevel\", ", $$"""
        "type": "Sequence", "pretokenizers": [{{steps}}], 
        """, named);

    [Theory]
    [InlineData("\"a\": 1", "\"a\": 4194304", "\"a\"", "4194304")]
    [InlineData("\"a\": 1", "\"a\": -1", "\"a\"", "-1")]
    [InlineData("\"a\": 1", "\"a\": 99999999999", "model.vocab[\"a\"]", "32-bit")]
    [InlineData("\"a\": 1", "\"a\": 1.5", "model.vocab[\"a\"]", "32-bit")]
    [InlineData("\"a\": 1", "\"a\": \"1\"", "model.vocab[\"a\"]", "string")]
    [InlineData("\"a\": 1", "\"a\": 2", "the id 2", "another token")]
    [InlineData("\"a\": 1", "\"a\": 1, \"a\": 9", "model.vocab", "twice")]
    [InlineData("\"a\": 1", "\"\\ud800\": 1", "model.vocab", "Unicode")]
    [InlineData("\"vocab\": {", "\"vocab\": {}, \"x\": {", "merge 0", "\"a\"")]
    [InlineData("\"vocab\"", "\"words\"", "model", "\"vocab\"")]
    [InlineData("\"a b\"", "\"a z\"", "merge 0", "\"z\"")]
    [InlineData("\"a b\"", "\"a a\"", "merge 0", "\"aa\"")]
    [InlineData("\"a b\"", "\"a b c\"", "model.merges[0]", "two tokens")]
    [InlineData("\"a b\"", "\"ab\"", "model.merges[0]", "two tokens")]
    [InlineData("\"a b\"", "[\"a\"]", "model.merges[0]", "pair")]
    [InlineData("\"a b\"", "[\"a\", 1]", "model.merges[0][1]", "string")]
    [InlineData("\"a b\"", "7", "model.merges[0]", "string")]
    [InlineData("[\"a b\", \"b c\", \"ab c\"]", "{}", "model.merges", "array")]
    [InlineData("\"id\": 7, ", "\"id\": 2147483647, ", "<end>", "2147483647")]
    [InlineData("\"id\": 7, ", "\"id\": 3, ", "<end>", "another token")]
    [InlineData("\"id\": 7, ", "", "added_tokens[0]", "\"id\"")]
    [InlineData("\"content\": \"<end>\"", "\"content\": \"ab\"", "\"ab\"", "gives it 3")]
    [InlineData("\"content\": \"<end>\"", "\"content\": \"\"", "added token 7", "0 characters")]
    [InlineData("\"special\": true", "\"lstrip\": 1", "added_tokens[0].lstrip", "true or false")]
    [InlineData("{\"ids\": [7]}", "{\"ids\": [12]}", "post-processor", "12")]
    [InlineData("\"<two>\": {", "\"<three>\": {", "special_tokens", "<two>")]
    [InlineData("{\"Sequence\": {\"id\": \"A\"}}, ", "", "post_processor", "text")]
    [InlineData("\"type\": \"BPE\"", "\"unk_token\": \"<what>\"", "unknown token", "<what>")]
    [InlineData("\"model\"", "\"modem\"", "the file", "\"model\"")]
    [InlineData("\"model\": {", "\"model\": 7, \"x\": {", "model", "object")]
    [InlineData("\"model\"", "model", "well-formed JSON")]
    public void A_file_that_contradicts_itself_is_refused_by_name(string old, string replacement, params string[] named) =>
        AssertRefused(old, replacement, named);

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        for (var length = 0; length < Tiny.Length - 1; length++)
            Assert.Throws<InvalidTokenizerException>(() => TokenizerFiles.Read(Tiny[..length]));
    }

    [Fact]
    public void Damaged_bytes_give_a_tokenizer_or_a_refusal_and_nothing_else()
    {
        var random = new Random(20261121);
        var refused = 0;
        for (var i = 0; i < 1000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Tiny);
            for (var n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                TokenizerFiles.Read(bytes).Encode("abc <end> xyz");
            }
            catch (InvalidTokenizerException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 300, 999);
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<InvalidTokenizerException>(() => TokenizerFiles.Read(new string('[', 1 << 20)));

    [Fact]
    public void An_added_token_too_long_to_look_for_is_refused() =>
        AssertRefused("\"content\": \"<end>\"", $"\"content\": \"{new string('<', 2000)}\"", ["added token 7", "2000"]);

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<FileNotFoundException>(() => TokenizerJson.Read("no-such-tokenizer.json"));
        Assert.Contains("no-such-tokenizer", error.Message);
    }

    [Fact]
    public void A_file_too_large_is_refused_unread()
    {
        var path = Path.GetTempFileName();
        using (var file = File.OpenWrite(path))
            file.SetLength(1L << 34); // A hole: takes no room on the disk.
        var error = Assert.Throws<InvalidTokenizerException>(() => TokenizerJson.Read(path));
        File.Delete(path);
        Assert.Contains("17179869184 bytes", error.Message);
    }

    private static void AssertRefused(string old, string replacement, string[] named)
    {
        Assert.Contains(old, Tiny);
        var at = Tiny.IndexOf(old, StringComparison.Ordinal);
        var error = Assert.Throws<InvalidTokenizerException>(
            () => TokenizerFiles.Read(string.Concat(Tiny.AsSpan(0, at), replacement, Tiny.AsSpan(at + old.Length))));
        Assert.Contains("rtmatch-", error.Message); // The file.
        Assert.All(named, name => Assert.Contains(name, error.Message));
    }
}
