using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RtMatching.Inference.Model;
using RtMatching.Inference.Tokenizer;
using RtMatching.Tests.Tokenizer;

namespace RtMatching.Torch.Tests.Tokenizer;

/// <summary>Id for id the models' own tokenizers, and ours, on thousands of lines each.</summary>
public class MlTokenizerTests
{
    private static readonly BpeDefinition BuiltIn = TokenizerJson.ReadDefinition(TokenizerFiles.BuiltIn);
    private static readonly MlTokenizer Tokenizer = MlTokenizer.Create(BuiltIn);

    [Theory]
    [InlineData("built-in")]
    [InlineData("qwen2")]
    [InlineData("gpt2")]
    [InlineData("smollm")]
    public void Ids_of_every_line_are_the_references(string pipeline)
    {
        var tokenizer = MlTokenizer.Create(TokenizerFiles.PipelineDefinition(pipeline));
        var golden = TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Select(line => (Text: line.GetProperty("text").GetString()!,
            Ids: Ids(line.TryGetProperty(pipeline, out var own) ? own : line.GetProperty("qwen2")))).ToList();
        AssertSame(golden.Select(line => line.Text), tokenizer.Encode, golden.Select(line => line.Ids));
    }

    [Theory]
    [InlineData("built-in")]
    [InlineData("qwen2")]
    [InlineData("gpt2")]
    [InlineData("smollm")]
    public void Ids_of_every_made_up_line_are_ours(string pipeline) =>
        AssertOurs(TokenizerFiles.PipelineDefinition(pipeline), MadeUpLines.Lines(seed: 20261121, count: 5000));

    /// <summary>Of two that begin alike the longer; and a mark after one stays a mark, though it could compose with the token's end.</summary>
    [Fact]
    public void Added_tokens_are_found_as_ours_are()
    {
        string[] added = ["<|tool|>", "<|tool|>x", "<|im_start|>", "<think>", "q~j", "q~jx"];
        var definition = BuiltIn with
        {
            AddedTokens = [.. BuiltIn.AddedTokens, .. added.Select((content, i) => new AddedToken(30_000 + i, content))],
        };
        var random = new Random(5);
        string[] pieces = [.. added, "<|endoftext|>", "\u0338", "e\u0301", "x", " ", "<|tool", "|>", "\u1FEF"];
        AssertOurs(definition, Enumerable.Range(0, 5000).Select(_ => string.Concat(random.GetItems(pieces, random.Next(12)))).ToList());
        var afterToken = MlTokenizer.Create(definition).Encode("<think>\u0338a");
        Assert.Equal(30_003, afterToken[0]);
        AssertOurs(definition with { Normalization = default, AddedTokens = [.. definition.AddedTokens.Select(token => token with { Normalized = true })] },
            TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Select(line => line.GetProperty("text").GetString()!).ToList());
    }

    /// <summary>The library would find them; they are none, because a model's own tokenizer looks for them before it normalises.</summary>
    [Theory]
    [InlineData("[mask]", "[MASK]", "[Mask", "]")]
    [InlineData("[mask]", "[MAS\u212A]", "[mas\u212A]")]
    [InlineData("<\u00E5>", "<\u212B>", "<A\u030A>", "<a\u030A>")]
    [InlineData("a;b", "a\u037Eb", "A;b")]
    public void What_normalising_makes_look_like_an_added_token_gives_our_ids(string added, params string[] alike)
    {
        var random = new Random(13);
        string[] pieces = [added, .. alike, "x", " ", "X"];
        AssertOurs(BuiltIn with { AddedTokens = [.. BuiltIn.AddedTokens, new AddedToken(30_000, added)] },
            Enumerable.Range(0, 5000).Select(_ => string.Concat(random.GetItems(pieces, random.Next(9)))).ToList());
    }

    /// <summary>.NET's own regular expressions would cut before each of these letters, and the merges would not be made.</summary>
    [Theory]
    [InlineData("😀b")]
    [InlineData("\U0001D4D0b")]
    [InlineData("b\U00020BB7")]
    public void A_word_is_not_cut_at_a_character_of_two_halves(string word)
    {
        var letters = Encoding.UTF8.GetBytes(word).Select(b => ByteAlphabet.Letter(b).ToString()).ToList();
        var vocabulary = Enumerable.Range(0, 256).ToDictionary(b => ByteAlphabet.Letter((byte)b).ToString(), b => b);
        var merges = letters.Skip(1).Select((letter, i) => (Left: string.Concat(letters.Take(i + 1)), Right: letter)).ToList();
        foreach (var (left, right) in merges) vocabulary.Add(left + right, vocabulary.Count);
        var definition = new BpeDefinition { Source = "made up", Vocabulary = vocabulary, Merges = merges, PreTokenizer = PreTokenizer.Qwen2 };
        Assert.Equal([vocabulary.Count - 1], MlTokenizer.Create(definition).Encode(word));
        AssertOurs(definition, Enumerable.Range(0, 5000).Select(i => string.Concat(Enumerable.Repeat(word + i, i % 4))).ToList());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"unk_token": "<unk>"}""")]
    [InlineData("""{"unk_token": "<unk>", "fuse_unk": true}""")]
    [InlineData("""{"merges": ["a b", "b c", "a b"]}""")]
    public void A_vocabulary_that_lacks_bytes_gives_our_ids(string settings)
    {
        var definition = TokenizerFiles.EditedDefinition(root =>
        {
            root["added_tokens"]![0]!["id"] = 7;
            root["post_processor"] = null;
            root["model"] = JsonNode.Parse("""
                {"type": "BPE", "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "c": 4, "bc": 5, "abc": 6}, "merges": ["a b", "b c", "ab c"]}
                """);
            foreach (var (name, value) in JsonNode.Parse(settings)!.AsObject()) root["model"]![name] = value!.DeepClone();
        });
        var random = new Random(9);
        string[] pieces = ["a", "b", "c", "x", "é", " ", "1", "<|endoftext|>", "😀"];
        AssertOurs(definition, Enumerable.Range(0, 5000).Select(_ => string.Concat(random.GetItems(pieces, random.Next(12)))).ToList());
    }

    [Fact]
    public void Decoding_gives_the_normalised_text_back()
    {
        foreach (var text in MadeUpLines.Lines(seed: 3, count: 2000))
        {
            var wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            var pieces = wellFormed.Split("<|endoftext|>").Select(BuiltIn.Normalization.Apply);
            Assert.Equal(string.Join("<|endoftext|>", pieces), Tokenizer.Decode(Tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void What_stands_around_a_text_and_the_size_are_the_definitions()
    {
        var ours = new BpeTokenizer(BuiltIn);
        Assert.Equal([0], Tokenizer.SuffixIds);
        Assert.Equal(ours.PrefixIds, Tokenizer.PrefixIds);
        Assert.Equal((30_000, 30_000), (ours.VocabularySize, Tokenizer.VocabularySize));
        Assert.Empty(Tokenizer.Encode(""));
        Assert.Equal("", Tokenizer.Decode([]));
    }

    [Fact]
    public void No_text_at_all_is_an_error() => Assert.Throws<ArgumentNullException>(() => Tokenizer.Encode(null!));

    [Theory]
    [InlineData(30_000)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_of_the_vocabulary_cannot_be_decoded(int id) =>
        Assert.Contains(id.ToString(), Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([5, id])).Message);

    [Fact]
    public void An_id_that_no_token_has_cannot_be_decoded()
    {
        var tokenizer = MlTokenizer.Create(BuiltIn with { AddedTokens = [.. BuiltIn.AddedTokens, new AddedToken(30_005, "<Ä>")], Normalization = default });
        Assert.Equal("<Ä>", tokenizer.Decode([30_005]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([30_004]));
    }

    [Fact]
    public void Many_threads_get_the_ids_of_one()
    {
        var lines = MadeUpLines.Lines(seed: 4, count: 1000).ToArray();
        var expected = lines.Select(Tokenizer.Encode).ToArray();
        var shared = MlTokenizer.Create(BuiltIn);
        Parallel.For(0, 4 * lines.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var line = i * 7919 % lines.Length; // Another order for each, so that threads meet in the cache.
            Assert.Equal(expected[line], shared.Encode(lines[line]));
        });
    }

    public static TheoryData<string> Hostile => HostileTexts.Units;

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_megabyte_of_anything_takes_time_in_proportion(string unit) => HostileTexts.AssertTimeInProportion(Tokenizer, unit);

    /// <summary>On both sides of the length from which on a text goes to ours; a word's length is that in form C.</summary>
    [Fact]
    public void Long_words_give_our_ids()
    {
        var random = new Random(11);
        string[] letters = ["a", "b", "e\u0301", "字", "𠮷", "ing"];
        var texts = Enumerable.Range(0, 5000).Select(i => "A word of "
            + string.Concat(random.GetItems(letters, i % 10 == 0 ? random.Next(200, 1400) : random.Next(200))) + ", and <|endoftext|> more.");
        AssertOurs(BuiltIn, texts.ToList());
    }

    [Fact]
    public void A_model_is_loaded_with_it()
    {
        DecoderFactory decoder = new ModelParts().Decoders[0];
        using var model = LanguageModel.Load(null, new ModelParts { Decoders = [decoder, decoder], Tokenizer = MlTokenizer.Create });
        Assert.IsType<MlTokenizer>(model.Tokenizer);
        Assert.Same(model.Tokenizer, Assert.Single(model.Replicas).Tokenizer);
        Assert.IsType<BpeTokenizer>(LanguageModel.LoadTokenizer(null));
    }

    [WhereGiven("RTMATCH_DATA")]
    public void Ids_of_five_thousand_real_lines_are_ours() => AssertOurs(BuiltIn, RealLines());

    [WhereGiven("RTMATCH_MODELS")]
    public void Ids_by_SmolLM2s_own_vocabulary_are_the_references_and_ours()
    {
        var definition = LanguageModel.ReadTokenizer(Path.Combine(
            Environment.GetEnvironmentVariable("RTMATCH_MODELS")!, "SmolLM2-135M-Instruct-Q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var texts = TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Select(line => line.GetProperty("text").GetString()!);
        AssertSame(texts, MlTokenizer.Create(definition).Encode, TokenizerFiles.GoldenLines("smollm2.jsonl.gz").Select(Ids));
        AssertOurs(definition, MadeUpLines.Lines(seed: 6, count: 5000));
        if (Environment.GetEnvironmentVariable("RTMATCH_DATA") is { Length: > 0 }) AssertOurs(definition, RealLines());
    }

    /// <summary>Whole CVs, and lines of English and Chinese.</summary>
    private static List<string> RealLines()
    {
        var folder = Environment.GetEnvironmentVariable("RTMATCH_DATA")!;
        var cvs = File.ReadLines(Path.Combine(folder, "resume-kaggle-2484", "resumes.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!).Take(1000);
        return [.. cvs, .. File.ReadLines(Path.Combine(folder, "sts-b-en", "sts-train.tsv")).Take(2000),
            .. File.ReadLines(Path.Combine(folder, "lcqmc", "dev.txt")).Take(2000)];
    }

    private static void AssertOurs(BpeDefinition definition, IReadOnlyList<string> texts)
    {
        var ours = new BpeTokenizer(definition);
        AssertSame(texts, MlTokenizer.Create(definition).Encode, texts.Select(ours.Encode));
    }

    /// <summary>Names the lines that differ by their number alone: a text may be somebody's.</summary>
    private static void AssertSame(IEnumerable<string> texts, Func<string, int[]> encode, IEnumerable<int[]> expected)
    {
        var same = texts.Zip(expected, (text, ids) => encode(text).AsSpan().SequenceEqual(ids)).ToList();
        var different = Enumerable.Range(0, same.Count).Where(i => !same[i]).ToList();
        Assert.True(different.Count == 0, $"{different.Count} of {same.Count} lines differ, among them {string.Join(", ", different.Take(9))}");
        Assert.True(same.Count >= 5000, $"only {same.Count} lines");
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];
}
