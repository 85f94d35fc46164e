using System.Text;
using RtMatching.Inference.Pooling;

namespace RtMatching.Tests.Pooling;

/// <summary>Which tokens are run, by pooling. Eos is 2, the post-processor's tokens 100 and 101, one token is one byte.</summary>
public class SequenceBuilderTests
{
    private const int Eos = 2;
    private static readonly EmbeddingOptions Last = new() { Pooling = PoolingKind.Last };
    private static readonly EmbeddingOptions PromptEol = new() { Pooling = PoolingKind.PromptEol };

    [Fact]
    public void Last_appends_eos_only_where_the_post_processor_added_no_end()
    {
        Assert.Equal([.. Bytes("ab"), Eos], Ids("ab", Last));
        Assert.Equal([.. Bytes("ab"), 101], Ids("ab", Last, suffix: [101]));
        Assert.Equal([100, .. Bytes("ab"), Eos], Ids("ab", Last, prefix: [100]));
    }

    [Fact]
    public void Always_and_never_mean_what_they_say()
    {
        var always = Last with { AppendEos = AppendEos.Always };
        var never = Last with { AppendEos = AppendEos.Never };

        Assert.Equal([.. Bytes("ab"), Eos], Ids("ab", always));
        Assert.Equal([.. Bytes("ab"), 101, Eos], Ids("ab", always, suffix: [101]));
        Assert.Equal(Bytes("ab"), Ids("ab", never));
        Assert.Equal([.. Bytes("ab"), 101], Ids("ab", never, suffix: [101]));
    }

    [Theory]
    [InlineData("a cat", "This sentence : \"a cat\" means in one word:\"")]
    [InlineData("一只猫 (cat)", "这句话：“一只猫 (cat)”用一个词来表达就是：“")]
    [InlineData("𠀀", "这句话：“𠀀”用一个词来表达就是：“")]
    [InlineData("ひらがな", "This sentence : \"ひらがな\" means in one word:\"")]
    [InlineData("", "This sentence : \"\" means in one word:\"")]
    public void Templates_follow_the_text_s_language_and_end_the_sequence(string text, string expected)
    {
        Assert.Equal([100, .. Bytes(expected)], Ids(text, PromptEol, prefix: [100], suffix: [101]));
        Assert.Equal(Bytes(expected), Ids(text, new EmbeddingOptions { Pooling = PoolingKind.AlignedWva }));
    }

    [Theory]
    [InlineData(PoolingKind.PromptEol)]
    [InlineData(PoolingKind.AlignedWva)]
    public void Without_its_template_a_pooling_runs_what_last_runs(PoolingKind pooling)
    {
        foreach (var append in Enum.GetValues<AppendEos>())
        {
            var bare = new EmbeddingOptions { Pooling = pooling, NoPrompt = true, AppendEos = append };
            Assert.Equal(Ids("ab", Last with { AppendEos = append }), Ids("ab", bare));
            Assert.Equal(Ids("ab", Last with { AppendEos = append }, suffix: [101]), Ids("ab", bare, suffix: [101]));
        }
    }

    [Theory]
    [InlineData(PoolingKind.Mean)]
    [InlineData(PoolingKind.Va)]
    public void Averages_run_over_the_tokenizer_s_ids_alone(PoolingKind pooling)
    {
        var options = new EmbeddingOptions { Pooling = pooling };

        Assert.Equal(Bytes("ab"), Ids("ab", options));
        Assert.Equal([100, .. Bytes("ab"), 101], Ids("ab", options, prefix: [100], suffix: [101]));
    }

    [Fact]
    public void An_instruction_comes_before_the_text_and_before_the_template()
    {
        Assert.Equal([.. Bytes("Instruct: Find it\nQuery:ab"), Eos], Ids("ab", Last with { Instruction = "Find it" }));
        Assert.Equal(
            Bytes("Instruct: Find it\nQuery:This sentence : \"ab\" means in one word:\""),
            Ids("ab", PromptEol with { Instruction = "Find it" }));
    }

    [Fact]
    public void A_long_text_is_cut_and_keeps_its_end_token()
    {
        var fits = Build("abcd", Last with { MaxTokens = 5 });
        var cut = Build("abcde", Last with { MaxTokens = 5 });

        Assert.False(fits.Truncated);
        Assert.True(cut.Truncated);
        Assert.Equal([.. Bytes("abcd"), Eos], cut.Ids);
    }

    [Fact]
    public void The_window_bounds_the_text_and_leaves_a_position_for_the_memory_token()
    {
        var text = new string('x', 100);

        Assert.Equal(64, Build(text, Last).Ids.Length);
        Assert.Equal(64, Build(text, Last with { MaxTokens = 1000 }).Ids.Length);
        Assert.Equal(63, Build(text, Last with { Iterations = 2 }).Ids.Length);
        Assert.Equal(10, Build(text, Last with { Iterations = 2, MaxTokens = 10 }).Ids.Length);
        Assert.Equal(Eos, Build(text, Last with { Iterations = 2 }).Ids[^1]);
    }

    [Fact]
    public void A_cut_text_keeps_its_template_s_tail()
    {
        var cut = Build(new string('x', 100), PromptEol);
        var expected = "This sentence : \"" + new string('x', 64 - 17 - 21) + "\" means in one word:\"";

        Assert.True(cut.Truncated);
        Assert.Equal(Bytes(expected), cut.Ids);
        Assert.Equal(63, Build(new string('x', 100), PromptEol with { Iterations = 2 }).Ids.Length);
    }

    [Fact]
    public void A_limit_that_leaves_no_room_for_text_is_refused()
    {
        Assert.Contains("no room for text", Refused("ab", Last with { MaxTokens = 1 }));
        Assert.Contains("instruction and template", Refused("ab", PromptEol with { MaxTokens = 38 }));
        Assert.Contains("shorten the instruction", Refused("ab", Last with { Instruction = new string('i', 100) }));
    }

    [Fact]
    public void An_empty_text_is_its_end_token_and_refused_where_there_is_none()
    {
        Assert.Equal([Eos], Ids("", Last));
        Assert.Equal([101], Ids("", new EmbeddingOptions { Pooling = PoolingKind.Mean }, suffix: [101]));
        Assert.Contains("append-eos 'auto'", Refused("", Last with { AppendEos = AppendEos.Never }));
        Assert.Contains("nothing for pooling 'mean' to average", Refused("", new EmbeddingOptions { Pooling = PoolingKind.Mean }));
    }

    [Fact]
    public void A_model_without_an_end_token_says_so()
    {
        var config = new ScriptedDecoder(eos: null).Config;
        var error = Assert.Throws<ArgumentException>(() => new SequenceBuilder(Last, config, new ByteTokenizer()));

        Assert.Contains("append-eos 'never'", error.Message);
        _ = new SequenceBuilder(Last, config, new ByteTokenizer(suffix: [101]));
    }

    private static TextSequence Build(string text, EmbeddingOptions options, int[]? prefix = null, int[]? suffix = null)
    {
        var config = new ScriptedDecoder(eos: Eos, window: 64).Config;
        if (text.Length < 60) config = config with { Window = 512 };
        return new SequenceBuilder(options, config, new ByteTokenizer(256, prefix, suffix)).Build(text);
    }

    private static int[] Ids(string text, EmbeddingOptions options, int[]? prefix = null, int[]? suffix = null) =>
        Build(text, options, prefix, suffix).Ids;

    private static string Refused(string text, EmbeddingOptions options) =>
        Assert.Throws<ArgumentException>(() => new SequenceBuilder(
            options, new ScriptedDecoder(eos: Eos, window: 64).Config, new ByteTokenizer(256)).Build(text)).Message;

    private static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
}
