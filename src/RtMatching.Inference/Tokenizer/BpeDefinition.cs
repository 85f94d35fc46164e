namespace RtMatching.Inference.Tokenizer;

/// <summary>Makes a tokenizer of what a model's file says.</summary>
/// <exception cref="InvalidTokenizerException">The definition contradicts itself, or asks for what this tokenizer cannot do.</exception>
internal delegate ITokenizer TokenizerFactory(BpeDefinition definition);

/// <summary>What a byte-level BPE tokenizer is made of, as a file tells it and before anything is checked.</summary>
internal sealed record BpeDefinition
{
    /// <summary>The file, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>Tokens and their ids; the tokens are written in <see cref="ByteAlphabet"/>.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs of tokens, the one that goes first before the others.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }
    public required PreTokenizer PreTokenizer { get; init; }
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>What is done to the text first.</summary>
    public Normalization Normalization { get; init; }

    /// <summary>A text that does not begin with a blank gets one.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>A word that is a token as a whole is not merged (Llama-3).</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Stands for a byte that the vocabulary lacks; without it such bytes vanish.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Unknown bytes in a row become one token.</summary>
    public bool FuseUnknown { get; init; }
    public IReadOnlyList<int> PrefixIds { get; init; } = [];
    public IReadOnlyList<int> SuffixIds { get; init; } = [];
}
