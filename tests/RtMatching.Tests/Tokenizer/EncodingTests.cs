using System.Text;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Tokenizer;

/// <summary>Laws that hold for any text.</summary>
public class EncodingTests
{
    private static readonly BpeTokenizer BuiltIn = TokenizerJson.Read(TokenizerFiles.BuiltIn);

    /// <summary>Pieces that random texts are made of; halves of surrogate pairs among them.</summary>
    private static readonly string[] Pieces =
    [
        "a", "B", "É", "\u0130", "é", "e\u0301", "\u0323", " ", "\n", "\r\n", "\t", "7", "字", "가", "\u1100\u1161\u11A8", "😀", "\uD83D", "\uDE00", "'s", "<|",
        "Ω", "\u212B", "\0",
    ];

    [Fact]
    public void Decoding_gives_the_normalised_text_back()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 5000; i++)
        {
            var text = string.Concat(random.GetItems(Pieces, random.Next(30)));
            var wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(new Normalization(Compose: true, Lowercase: true).Apply(wellFormed), BuiltIn.Decode(BuiltIn.Encode(text)));
        }
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("llama3")]
    [InlineData("gpt2")]
    [InlineData("smollm")]
    public void Words_cover_the_whole_text(string pipeline)
    {
        var tokenizer = TokenizerFiles.Pipeline(pipeline);
        foreach (var line in TokenizerFiles.GoldenLines("pipelines.jsonl.gz"))
        {
            var text = line.GetProperty("text").GetString()!;
            Assert.Equal(pipeline == "qwen2" ? CanonicalComposition.Normalize(text) : text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void A_lone_surrogate_is_the_replacement_character() =>
        Assert.Equal(BuiltIn.Encode("a\uFFFDb \uFFFD"), BuiltIn.Encode("a\uD83Db \uDE00"));

    [Theory]
    [InlineData(30000)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_of_the_vocabulary_cannot_be_decoded(int id) =>
        Assert.Contains(id.ToString(), Assert.Throws<ArgumentOutOfRangeException>(() => BuiltIn.Decode([5, id])).Message);

    [Fact]
    public void Bytes_that_are_not_text_decode_to_the_replacement_character()
    {
        var first = BuiltIn.Encode("\u0378")[0]; // Unassigned, so its bytes stay apart: the first alone is no character.
        Assert.Equal("\uFFFD", BuiltIn.Decode([first]));
    }

    [Fact]
    public void Many_threads_get_the_ids_of_one()
    {
        var texts = TokenizerFiles.GoldenLines("pipelines.jsonl.gz").Take(2000).Select(l => l.GetProperty("text").GetString()!).ToArray();
        var expected = texts.Select(BuiltIn.Encode).ToArray();
        var shared = TokenizerJson.Read(TokenizerFiles.BuiltIn);
        Parallel.For(0, 4 * texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var text = i * 7919 % texts.Length; // Another order for each, so that threads meet in the cache.
            Assert.Equal(expected[text], shared.Encode(texts[text]));
        });
    }

    [Fact]
    public void Short_and_long_words_merge_alike()
    {
        // Words of up to 48 bytes are scanned, longer ones queued: the same merges must come out on both sides of that line.
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var word = string.Concat(random.GetItems("etaoinshrdlu".ToCharArray(), random.Next(30, 49)));
            var ids = BuiltIn.Encode(word);
            var padded = BuiltIn.Encode(word + new string('\u0378', 60)); // Unassigned: nothing merges across it.
            Assert.Equal(ids, padded[..ids.Length]);
        }
    }

    public static TheoryData<string> Hostile => HostileTexts.Units;

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_megabyte_of_anything_takes_time_in_proportion(string unit) => HostileTexts.AssertTimeInProportion(BuiltIn, unit);
}
