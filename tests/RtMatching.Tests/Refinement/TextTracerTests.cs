using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Tests.Pooling;

namespace RtMatching.Tests.Refinement;

public class TextTracerTests
{
    [Fact]
    public void Every_pass_has_its_attention_row_over_named_positions_that_sums_to_one()
    {
        using var model = LanguageModel.Load(null);
        var options = new EmbeddingOptions { Iterations = 4 };
        string[] texts = ["a nurse on night shifts", "x"];     // small letters: the model has no others
        var traced = new TextTracer(model, options).Trace(texts).ToList();
        var embedded = new TextEmbedder(model).Embed(texts, options with { AllIterations = true });

        for (var text = 0; text < texts.Length; text++)
        {
            var trace = traced[text];
            Assert.Equal(embedded[text].Tokens, trace.Tokens.Count);
            Assert.Equal(texts[text], string.Concat(trace.Tokens.SkipLast(1).Select(token => token.Text)));
            Assert.Equal([1, 2, 3, 4], trace.Passes.Select(pass => pass.K));
            Assert.Equal(embedded[text].Passes.Select(pass => pass.Trace), trace.Passes.Select(pass => pass.Trace));
            foreach (var pass in trace.Passes)
            {
                Assert.Equal(trace.Tokens.Count + (pass.K > 1 ? 1 : 0), pass.Attention.Count);
                Assert.Equal(1, pass.Attention.Sum(), 4);
                Assert.Equal(pass.K > 1 ? trace.Tokens.Count - 1 : null, pass.MemoryPosition);
                Assert.Equal(pass.Trace.FirstTokenShare, pass.Attention[0]);
            }
        }
    }

    [Fact]
    public void Characters_that_tokens_share_are_shown_whole_at_the_first_of_them()
    {
        var model = new LanguageModel("bytes", "hash", new ByteTokenizer(256), new ScriptedDecoder(eos: 2));
        var trace = new TextTracer(model, new EmbeddingOptions { Iterations = 2 }).Trace(["a数b\U0001F600"]).Single();
        Assert.Equal(["a", "数", "", "", "b", "\U0001F600", "", "", "", "\u0002"], trace.Tokens.Select(token => token.Text));
    }

    [Fact]
    public void Bytes_that_make_no_character_stand_alone_and_lose_nothing_after_them()
    {
        var model = new LanguageModel("ids", "hash", new BrokenBytes(), new ScriptedDecoder(eos: 2));
        var trace = new TextTracer(model, new EmbeddingOptions { Iterations = 2, AppendEos = AppendEos.Never }).Trace(["x"]).Single();
        Assert.Equal(["\uFFFD", "a", "b", "c", "d", "e", "f", "g", "h", "i"], trace.Tokens.Select(token => token.Text));
    }

    [Fact]
    public void Many_texts_keep_their_order_whatever_the_batches_and_a_stop_rule_shortens_traces()
    {
        var decoder = new ScriptedDecoder();
        var model = new LanguageModel("bytes", "hash", new ByteTokenizer(), decoder);
        string[] texts = [.. Enumerable.Range(0, 300).Select(i => new string((char)('a' + i % 26), 1 + i * 7 % 30))];
        var traces = new TextTracer(model, new EmbeddingOptions { Iterations = 3, Stop = new StableChange(1e9f) }).Trace(texts).ToList();
        Assert.Equal(texts, traces.Select(trace => string.Concat(trace.Tokens.SkipLast(1).Select(token => token.Text))));
        Assert.All(traces, trace => Assert.Equal(2, trace.Passes.Count));
    }

    [Fact]
    public void A_single_pass_and_poolings_without_passes_are_refused()
    {
        using var model = LanguageModel.Load(null);
        Assert.Contains("at least 2", Assert.Throws<ArgumentException>(() => new TextTracer(model, new EmbeddingOptions())).Message);
        Assert.Contains("mean", Assert.Throws<ArgumentException>(() => new TextTracer(model, new EmbeddingOptions { Pooling = PoolingKind.Mean, Iterations = 3 })).Message);
    }

    /// <summary>A first byte that begins a character which never goes on, then nine letters.</summary>
    private sealed class BrokenBytes : RtMatching.Inference.Tokenizer.ITokenizer
    {
        public int VocabularySize => 160;
        public IReadOnlyList<int> PrefixIds => [];
        public IReadOnlyList<int> SuffixIds => [];
        public int[] Encode(string text) => [0, .. Enumerable.Range('a', 9)];
        public string Decode(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Select(id => id == 0 ? '\uFFFD' : (char)id));
    }
}
