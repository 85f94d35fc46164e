using RtMatching.Core.Profiles;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Tests.Model;

namespace RtMatching.Tests.Pooling;

/// <summary>The mean over eight prompts, whose heads are run once: what is run.</summary>
public sealed class MetaEolTests : MetaEolContract<ManagedDecoder>
{
    [Fact]
    public void Every_prompt_asks_for_one_word_and_no_two_are_alike()
    {
        var prompts = Prompt.Of(MetaEol);

        Assert.Equal(8, prompts.Count);
        Assert.Equal(16, prompts.SelectMany(prompt => prompt.Templates).Distinct().Count());
        Assert.All(prompts, prompt => Assert.EndsWith(" in one word: \"", prompt.English.Tail));
        Assert.All(prompts, prompt => Assert.EndsWith("用一个词表示：“", prompt.Chinese.Tail));
        Assert.All(prompts, prompt => Assert.True(prompt.English.Head.Length > 3 * prompt.English.Tail.Length));    // the head is what is shared
    }

    [Fact]
    public void Each_head_is_run_once_for_all_texts_batches_and_calls()
    {
        var decoder = new ScriptedDecoder(window: 512);
        var embedder = new TextEmbedder(Model(decoder), batchTokens: 100);
        embedder.Embed(Texts, MetaEol);
        embedder.Embed(Texts, MetaEol with { Dimension = 3 });

        Assert.Equal(16, decoder.Prefixes.Count);
        Assert.All(decoder.PrefixesUsed, Assert.NotNull);
        Assert.All(decoder.Captures, capture => Assert.Equal(Capture.None, capture));
        Assert.True(decoder.Batches.Count > 16);
        for (var batch = 0; batch < decoder.Batches.Count; batch++)
        {
            var head = decoder.PrefixesUsed[batch]!.Ids.ToArray();
            Assert.All(decoder.Batches[batch], ids => Assert.Equal(head, ids[..head.Length]));     // a byte is a token: nothing merges
        }
    }

    [Fact]
    public void An_instruction_comes_before_the_prompt_and_is_part_of_the_head()
    {
        var decoder = new ScriptedDecoder(window: 512);
        new TextEmbedder(Model(decoder)).Embed(["ab"], MetaEol with { Instruction = "Find it" });

        var prompt = Prompt.Of(MetaEol)[0].English;
        Assert.Equal($"Instruct: Find it\nQuery:{prompt.Head}", Decoded(decoder.Prefixes[0].Ids));
        Assert.Equal($"Instruct: Find it\nQuery:{prompt.Head}ab{prompt.Tail}", Decoded(decoder.Batches[0][0]));
    }

    [Fact]
    public void Tokens_and_budget_count_what_is_run_and_a_text_counts_once()
    {
        var decoder = new ScriptedDecoder(window: 512);
        var model = Model(decoder);
        var run = Prompt.Of(MetaEol).Sum(prompt => 4 + prompt.English.Tail.Length);
        var embeddings = new TextEmbedder(model, batchTokens: 150).Embed([.. Enumerable.Range(0, 20).Select(i => $"x {i,2}")], MetaEol);

        Assert.All(embeddings, embedding => Assert.Equal((run, false), (embedding.Tokens, embedding.Truncated)));
        Assert.Equal((20, 20L * run), (model.Texts, model.Tokens));
        Assert.Contains(decoder.Batches, batch => batch.Length > 1);
        Assert.All(decoder.Batches.Select((batch, i) => batch.Sum(ids => ids.Length - decoder.PrefixesUsed[i]!.Ids.Length)), tokens => Assert.InRange(tokens, 1, 150));
    }

    [Fact]
    public void A_long_text_is_cut_where_every_prompt_s_tail_still_fits()
    {
        var decoder = new ScriptedDecoder(window: 512);
        var embedding = new TextEmbedder(Model(decoder)).Embed([new string('y', 3000)], MetaEol with { MaxTokens = 220 })[0];

        Assert.True(embedding.Truncated);
        var sequences = decoder.Batches.Select(batch => Assert.Single(batch)).ToArray();
        Assert.Equal(8, sequences.Length);
        foreach (var (prompt, ids) in Prompt.Of(MetaEol).Zip(sequences))
        {
            Assert.Equal(220, ids.Length);
            Assert.StartsWith(prompt.English.Head + "y", Decoded(ids));
            Assert.EndsWith("y" + prompt.English.Tail, Decoded(ids));
        }
    }

    [Fact]
    public void A_window_too_small_for_the_prompts_is_refused_with_the_remedy() =>
        Assert.Contains("raise max tokens", Assert.Throws<ArgumentException>(() =>
            new TextEmbedder(Model(new ScriptedDecoder(window: 64))).Embed([new string('y', 30)], MetaEol)).Message);

    [Fact]
    public void Passes_and_the_bare_text_are_refused_with_the_remedy()
    {
        Refused(MetaEol with { Iterations = 2 }, "takes no passes");
        Refused(MetaEol with { NoPrompt = true }, "use pooling 'last'");
        Refused(MetaEol with { AppendEos = AppendEos.Always }, "inside its template");
    }

    [Fact]
    public void Heads_are_given_back_when_they_take_too_much_and_with_the_model()
    {
        var decoder = new ScriptedDecoder();
        var prefixes = new PromptPrefixes(decoder, maxTokens: 5);
        var one = prefixes.Of([1, 2], default);
        var two = prefixes.Of([3, 4], default);
        Assert.Same(one, prefixes.Of([1, 2], default));
        var three = prefixes.Of([5, 6], default);
        Assert.Equal([false, true, false], decoder.Prefixes.Select(prefix => prefix.Disposed));     // the longest unused went
        Assert.Same(one, prefixes.Of([1, 2], default));
        Assert.Same(three, prefixes.Of([5, 6], default));
        Assert.NotSame(two, prefixes.Of([3, 4], default));

        var large = (ScriptedDecoder.ScriptedPrefix)prefixes.Of([1, 2, 3, 4, 5, 6, 7], default);
        Assert.False(large.Disposed);
        prefixes.Dispose();
        Assert.All(decoder.Prefixes, prefix => Assert.True(prefix.Disposed));
    }

    [Fact]
    public void A_profile_leaves_room_for_the_longest_prompt()
    {
        var decoder = new ScriptedDecoder(window: 600);
        var model = Model(decoder);
        var profile = new TaskProfile { Name = "p", ModelName = "scripted", WeightsHash = "", Pooling = PoolingKind.MetaEol, MaxTokens = 300, Dimension = 8 };
        var text = string.Join(' ', Enumerable.Repeat("words and words.", 60));
        var vectors = new DocumentEmbedder(model, profile).Embed([text], DocumentKind.Cv);

        Assert.Equal(8, Assert.Single(vectors).Length);
        Assert.All(decoder.Batches.SelectMany(batch => batch), ids => Assert.InRange(ids.Length, 1, 300));
        Assert.True(decoder.Batches.Sum(batch => batch.Length) > 3 * 8);
    }

    private static void Refused(EmbeddingOptions options, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => options.Validate(new ScriptedDecoder().Config)).Message);

    private static string Decoded(ReadOnlySpan<int> ids) => new ByteTokenizer().Decode(ids);

    private static LanguageModel Model(ScriptedDecoder decoder) => new("scripted", "", new ByteTokenizer(vocabulary: 256), decoder);
}
