using RtMatching.Inference.Model;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Inference.Pooling;

/// <summary>The tokens of pass 1 for one text.</summary>
/// <param name="Ids">Template and end token included; never empty.</param>
/// <param name="Truncated">The text did not fit and was cut.</param>
/// <param name="Head">What every sequence of this kind begins with, but for its last token or so; worth running once. Null where nothing is.</param>
internal sealed record TextSequence(int[] Ids, bool Truncated, int[]? Head = null)
{
    /// <summary>Tokens that the head spares; the last one is always run.</summary>
    public int Spared { get; } = Head is null ? 0 : Math.Min(Ids.AsSpan().CommonPrefixLength(Head), Ids.Length - 1);

    /// <summary>Tokens that are run for this text.</summary>
    public int Run => Ids.Length - Spared;
}

/// <summary>A text's own ids, not yet cut, and the words around it, which are among them.</summary>
/// <param name="Head">As in <see cref="TextSequence"/>.</param>
internal readonly record struct EncodedText(int[] Ids, PromptTemplate Template, int[]? Head);

/// <summary>Decides what is run for a text: template, the post-processor's tokens, the appended end token, and where it is cut.</summary>
internal sealed class SequenceBuilder
{
    private readonly EmbeddingOptions _options;
    private readonly ITokenizer _tokenizer;
    private readonly Prompt _prompt;
    private readonly int[] _before;
    private readonly int[] _after;
    private readonly Dictionary<PromptTemplate, int[]> _heads = [];

    /// <param name="prompt">One of <see cref="Prompt.Of"/>; null for the only one.</param>
    /// <exception cref="ArgumentException">The end token is wanted but unknown, or the limit leaves no room for text.</exception>
    public SequenceBuilder(EmbeddingOptions options, ModelConfig config, ITokenizer tokenizer, Prompt? prompt = null)
    {
        (_options, _tokenizer, _prompt) = (options, tokenizer, prompt ?? Prompt.Of(options)[0]);
        _before = [.. tokenizer.PrefixIds];
        _after = Ending(options, config, tokenizer);

        // Refinement puts the memory token between text and end token: one position more than pass 1 uses.
        var window = options.Iterations > 1 ? config.Window - 1 : config.Window;
        Limit = Math.Min(options.MaxTokens ?? window, window);
        if (Room < 1)
            throw new ArgumentException($"A limit of {Limit} tokens leaves no room for text beside the {_before.Length + _after.Length} " +
                "that the model adds; raise max tokens.");
        if (options.SharesHeads) foreach (var template in _prompt.Templates) _heads[template] = Head(template);
    }

    /// <summary>Longer sequences are cut here.</summary>
    public int Limit { get; }

    /// <summary>Builders that agree in this give the same sequence for every text that none of them cuts.</summary>
    public (Prompt, string?, string) Form => (_prompt, _options.Instruction, string.Join(' ', _after));

    private int Room => Limit - _before.Length - _after.Length;

    public TextSequence Build(string text) => Build(Encode(text));

    /// <summary>The same for every builder of one <see cref="Form"/>.</summary>
    public EncodedText Encode(string text)
    {
        var prompt = _prompt.For(text);
        var template = prompt.After(_options.Instruction);
        return new EncodedText(_tokenizer.Encode(template.Head + text + template.Tail), template, _heads.GetValueOrDefault(prompt));
    }

    public bool Holds(EncodedText text) => text.Ids.Length <= Room;

    /// <exception cref="ArgumentException">There is nothing to run: no text and no end token.</exception>
    public TextSequence Build(EncodedText text)
    {
        var truncated = !Holds(text);
        var ids = truncated ? Cut(text.Ids, text.Template) : text.Ids;
        int[] sequence = [.. _before, .. ids, .. _after];
        return sequence.Length > 0 ? new TextSequence(sequence, truncated, text.Head) : throw Empty();
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
            throw new ArgumentException($"A limit of {Limit} tokens leaves no room for text beside the {head + tail.Length} tokens of " +
                "instruction and template; raise max tokens or shorten the instruction.");
        return [.. ids.AsSpan(0, kept), .. tail];
    }

    private int[] Head(PromptTemplate prompt) => [.. _before, .. _tokenizer.Encode(prompt.After(_options.Instruction).Head)];

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
