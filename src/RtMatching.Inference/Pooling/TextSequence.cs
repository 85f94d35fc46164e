using RtMatching.Inference.Model;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Inference.Pooling;

/// <summary>The tokens of pass 1 for one text.</summary>
/// <param name="Ids">Template and end token included; never empty.</param>
/// <param name="Truncated">The text did not fit and was cut.</param>
internal sealed record TextSequence(int[] Ids, bool Truncated);

/// <summary>Decides what is run for a text: template, the post-processor's tokens, the appended end token, and where it is cut.</summary>
internal sealed class SequenceBuilder
{
    private readonly EmbeddingOptions _options;
    private readonly ITokenizer _tokenizer;
    private readonly int[] _before;
    private readonly int[] _after;
    private readonly int _limit;

    /// <exception cref="ArgumentException">The end token is wanted but unknown, or the limit leaves no room for text.</exception>
    public SequenceBuilder(EmbeddingOptions options, ModelConfig config, ITokenizer tokenizer)
    {
        _options = options;
        _tokenizer = tokenizer;
        _before = [.. tokenizer.PrefixIds];
        _after = Ending(options, config, tokenizer);

        // Refinement puts the memory token between text and end token: one position more than pass 1 uses.
        var window = options.Iterations > 1 ? config.Window - 1 : config.Window;
        _limit = Math.Min(options.MaxTokens ?? window, window);
        if (Room < 1)
            throw new ArgumentException($"A limit of {_limit} tokens leaves no room for text beside the {_before.Length + _after.Length} " +
                "that the model adds; raise max tokens.");
    }

    private int Room => _limit - _before.Length - _after.Length;

    /// <exception cref="ArgumentException">There is nothing to run: no text and no end token.</exception>
    public TextSequence Build(string text)
    {
        var template = PromptTemplate.For(text, _options);
        var ids = _tokenizer.Encode(template.Head + text + template.Tail);
        var truncated = ids.Length > Room;
        if (truncated) ids = Cut(ids, template);

        int[] sequence = [.. _before, .. ids, .. _after];
        return sequence.Length > 0 ? new TextSequence(sequence, truncated) : throw Empty();
    }

    /// <summary>
    /// Cuts the text's end, not the template's: its tail holds the token that is pooled. Only in this case is the tail encoded
    /// by itself; otherwise it may share a token with the text's last characters, as in the reference.
    /// </summary>
    private int[] Cut(int[] ids, PromptTemplate template)
    {
        var tail = template.Tail.Length == 0 ? [] : _tokenizer.Encode(template.Tail);
        var head = template.Head.Length == 0 ? 0 : _tokenizer.Encode(template.Head).Length;
        var kept = Room - tail.Length;
        if (kept <= head)
            throw new ArgumentException($"A limit of {_limit} tokens leaves no room for text beside the {head + tail.Length} tokens of " +
                "instruction and template; raise max tokens or shorten the instruction.");
        return [.. ids.AsSpan(0, kept), .. tail];
    }

    /// <summary>What follows the text's own ids.</summary>
    private static int[] Ending(EmbeddingOptions options, ModelConfig config, ITokenizer tokenizer)
    {
        if (options.UsesTemplate) return [];   // the template's last token plays the end token's part
        if (!options.PoolsEndToken) return [.. tokenizer.SuffixIds];

        var appends = options.AppendEos == AppendEos.Always || (options.AppendEos == AppendEos.Auto && tokenizer.SuffixIds.Count == 0);
        if (!appends) return [.. tokenizer.SuffixIds];
        var eos = config.EosId ?? throw new ArgumentException(
            "The model names no end-of-text token to append; use append-eos 'never' to pool the text's last token.");
        return [.. tokenizer.SuffixIds, eos];
    }

    private ArgumentException Empty() => new(_options.PoolsEndToken
        ? "The text is empty and no end token is appended, so there is nothing to embed; give it text or use append-eos 'auto'."
        : $"The text is empty, so there is nothing for pooling '{_options.Pooling.Name()}' to average; leave it out or use pooling 'last'.");
}
