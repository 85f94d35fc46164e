using System.Numerics.Tensors;
using System.Text;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Profiles;

/// <summary>What is put before the model, seen in the ids that reach the decoder: a token is a byte here.</summary>
public class DocumentEmbedderTests
{
    private static readonly int[] End = [0];

    [Fact]
    public void A_text_within_max_tokens_is_one_forward()
    {
        var decoder = new ScriptedDecoder(window: 256);
        var text = Words(99);           // and the end token

        Embedder(decoder, maxTokens: 100).Embed([text], DocumentKind.Cv);

        Assert.Equal(100, Assert.Single(Assert.Single(decoder.Batches)).Length);
    }

    /// <param name="laterParts">What a part weighs beside the one before.</param>
    [Theory]
    [InlineData(null)]
    [InlineData(1.0)]
    [InlineData(0.3)]
    public void The_vector_of_a_longer_text_is_the_renormalised_mean_of_its_parts_by_tokens_and_place(double? laterParts)
    {
        var embedder = Embedder(new ScriptedDecoder(window: 256), maxTokens: 41, laterParts: laterParts);
        string[] parts = ["First line of thirty-five letters.", "Second line of thirty-six letters...", "Third line."];

        var vector = embedder.Embed([parts[0], string.Join("\n", parts), parts[1]], DocumentKind.Cv)[1];

        var expected = new float[8];
        for (var part = 0; part < parts.Length; part++)
        {
            int[] ids = [.. new ByteTokenizer().Encode(parts[part]), .. End];
            var unit = ScriptedDecoder.Vector(ids, 1, 8);
            TensorPrimitives.Divide(unit, TensorPrimitives.Norm<float>(unit), unit);
            TensorPrimitives.MultiplyAdd(unit, (float)(ids.Length * Math.Pow(laterParts ?? 1, part)), expected, expected);
        }

        Assert.Equal(1, TensorPrimitives.CosineSimilarity<float>(expected, vector), 5);
        Assert.Equal(1, TensorPrimitives.Norm<float>(vector), 5);
    }

    [Fact]
    public void Where_later_parts_weigh_nothing_they_are_not_run()
    {
        var decoder = new ScriptedDecoder(window: 256);

        Embedder(decoder, maxTokens: 50, laterParts: 0).Embed([Words(300), Words(30)], DocumentKind.Cv);

        Assert.Equal(2, Assert.Single(decoder.Batches).Length);
    }

    [Fact]
    public void A_long_text_among_short_ones_changes_nothing_for_them_and_order_is_kept()
    {
        var embedder = Embedder(new ScriptedDecoder(window: 256), maxTokens: 50);
        string[] texts = [Words(20), Words(300), Words(30), Words(120)];

        var together = embedder.Embed(texts, DocumentKind.Cv);

        for (var i = 0; i < texts.Length; i++)
            Assert.Equal(embedder.Embed([texts[i]], DocumentKind.Cv)[0], together[i]);
    }

    [Fact]
    public void Prepared_texts_can_be_joined()
    {
        var embedder = Embedder(new ScriptedDecoder(window: 256), maxTokens: 50);
        string[] texts = [Words(120), Words(20)];

        var joined = PreparedTexts.Join([.. texts.Select(text => embedder.Prepare([text], DocumentKind.Cv))]);

        Assert.Equal(embedder.Embed(texts, DocumentKind.Cv), embedder.Embed(joined));
    }

    [Fact]
    public void Only_the_kind_that_has_an_instruction_gets_it()
    {
        var decoder = new ScriptedDecoder(window: 256);
        var embedder = Embedder(decoder, maxTokens: 200, jobInstruction: "Find them");

        embedder.Embed(["text"], DocumentKind.Job);
        embedder.Embed(["text"], DocumentKind.Cv);

        Assert.Equal("Instruct: Find them\nQuery:text", Decoded(decoder.Batches[0][0]));
        Assert.Equal("text", Decoded(decoder.Batches[1][0]));
    }

    [Fact]
    public void Instruction_and_parts_together_keep_within_max_tokens()
    {
        var decoder = new ScriptedDecoder(window: 256);

        Embedder(decoder, maxTokens: 80, jobInstruction: "Find them").Embed([Words(500)], DocumentKind.Job);

        Assert.True(decoder.Batches.Sum(batch => batch.Length) > 5);
        Assert.All(decoder.Batches.SelectMany(batch => batch), ids => Assert.True(ids.Length <= 80));
    }

    [Fact]
    public void An_instruction_that_leaves_no_room_is_refused_with_the_remedy()
    {
        var embedder = Embedder(new ScriptedDecoder(window: 256), maxTokens: 40, jobInstruction: Words(60));

        Assert.Contains("Raise max_tokens", Assert.Throws<ArgumentException>(() => embedder.Embed(["text"], DocumentKind.Job)).Message);
    }

    [Fact]
    public void Other_weights_than_the_profiles_are_refused()
    {
        var model = new LanguageModel("other", "ff", new ByteTokenizer(suffix: End), new ScriptedDecoder());

        var error = Assert.Throws<ArgumentException>(() => new DocumentEmbedder(model, Profile(50)));

        Assert.Contains("other weights", error.Message);
    }

    [Fact]
    public void Parts_are_the_text_again_whatever_it_looks_like()
    {
        var random = new Random(3);
        string[] pieces = ["word", " ", "\n", "\n\n", "longerwordthanothers", "\t", "经验丰富", "😀", "é", "  ", "."];
        for (var round = 0; round < 200; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 120)).Select(_ => pieces[random.Next(pieces.Length)]));
            var splitter = new TextSplitter(new ByteTokenizer(), 16 + random.Next(30));

            var parts = splitter.Split(text);

            Assert.Equal(Solid(text), Solid(string.Concat(parts.Select(part => part.Text))));
            if (parts.Count > 1) Assert.All(parts, part => Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(part.Text))));
        }
    }

    [Fact]
    public void A_part_ends_at_a_paragraph_where_one_fits()
    {
        var parts = new TextSplitter(new ByteTokenizer(), 32).Split("A paragraph.\nIts second line.\n\nAnother one, by itself.\n\nLast.");

        Assert.Equal(["A paragraph.\nIts second line.", "Another one, by itself.\n\nLast."], parts.Select(part => part.Text));
    }

    [Fact]
    public void A_text_without_a_single_space_costs_no_more_than_the_bound()
    {
        var counted = 0L;
        var tokenizer = new ByteTokenizer { Encoding = text => counted += text.Length };

        var parts = new TextSplitter(tokenizer, 32).Split(new string('x', 1_000_000));

        Assert.Equal(TextSplitter.MaxParts, parts.Count);
        Assert.All(parts, part => Assert.InRange(part.Text.Length, 1, 32));
        Assert.True(counted < 3_000_000, $"{counted} characters were tokenised");
    }

    private static string Solid(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    private static string Decoded(int[] ids) => new ByteTokenizer().Decode(ids.AsSpan(0, ids.Length - 1));

    private static string Words(int length) => string.Concat(Enumerable.Range(0, length).Select(i => i % 6 == 5 ? ' ' : (char)('a' + i % 26)))[..^1] + ".";

    private static DocumentEmbedder Embedder(ScriptedDecoder decoder, int maxTokens, string? jobInstruction = null, double? laterParts = null) => new(
        new LanguageModel("scripted", "00", new ByteTokenizer(suffix: End), decoder),
        Profile(maxTokens) with { JobInstruction = jobInstruction, LaterParts = laterParts });

    private static TaskProfile Profile(int maxTokens) => new()
    {
        Name = "test", ModelName = "scripted", WeightsHash = "00", Pooling = PoolingKind.Last, MaxTokens = maxTokens, Dimension = 8,
    };
}
