using Microsoft.ML.Tokenizers;
using RtMatching.Inference.Tokenizer;
using BpeTokenizer = RtMatching.Inference.Tokenizer.BpeTokenizer;

namespace RtMatching.Torch;

/// <summary>Byte-level byte-pair encoding by Microsoft.ML.Tokenizers, id for id that of <see cref="BpeTokenizer"/>.</summary>
/// <remarks>
/// The library maps bytes to its alphabet, merges them and caches words. What it has no exact means for is ours: form C, the cutting into
/// words, and decoding (the library's passes over ids that no token has, and reads an added token's letters as bytes).
/// What a definition asks beyond that is refused by name.
/// Slower than ours, measured by the program of tests/RtMatching.Torch.Tests (<c>tokenizers</c>), so ours stays the default. And for texts
/// that can be trusted only: the library's merging takes time by the square of a word's length, so that a long stretch of letters
/// without a space or a punctuation mark, of Chinese too, occupies it for minutes; nothing can interrupt it.
/// </remarks>
public sealed class MlTokenizer : ITokenizer
{
    private readonly Microsoft.ML.Tokenizers.BpeTokenizer _tokenizer;
    private readonly TokenBytes _tokens;

    private MlTokenizer(BpeDefinition definition)
    {
        MlRefusals.Check(definition);
        var check = new DefinitionCheck(definition);
        _tokens = check.TokenBytes();
        check.Merges();
        check.UnknownId();
        PrefixIds = check.KnownIds(definition.PrefixIds);
        SuffixIds = check.KnownIds(definition.SuffixIds);
        _tokenizer = Microsoft.ML.Tokenizers.BpeTokenizer.Create(Options(definition));
    }

    public int VocabularySize => _tokens.Count;

    public IReadOnlyList<int> PrefixIds { get; }

    public IReadOnlyList<int> SuffixIds { get; }

    /// <summary>The same checked definition that ours is made of.</summary>
    /// <exception cref="InvalidTokenizerException">It contradicts itself, or asks for what the library cannot do.</exception>
    internal static MlTokenizer Create(BpeDefinition definition) => new(definition);

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _tokenizer.EncodeToIds(BpeTokenizer.WithoutLoneSurrogates(text)).ToArray();
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids) => _tokens.Decode(ids);

    private static BpeOptions Options(BpeDefinition definition)
    {
        var added = new AddedTokenMatcher(definition.AddedTokens);
        return new BpeOptions(definition.Vocabulary)
        {
            Merges = Merges(definition),
            ByteLevel = true, // Otherwise characters that are no token vanish.
            // They are cut out by the pre-tokenizer and looked up here; the library needs both.
            SpecialTokens = definition.AddedTokens.DistinctBy(token => token.Content).ToDictionary(token => token.Content, token => token.Id),
            PreTokenizer = new WordPreTokenizer(definition.PreTokenizer, added),
            Normalizer = definition.Compose ? new ComposingNormalizer(added) : null,
            UnknownToken = definition.UnknownToken,
            FuseUnknownTokens = definition.FuseUnknown,
        };
    }

    /// <summary>Of a pair that stands twice the later place counts, as in the reference tokenizer; the library takes each pair once.</summary>
    private static IEnumerable<string> Merges(BpeDefinition definition) =>
        definition.Merges.Reverse().Distinct().Reverse().Select(merge => $"{merge.Left} {merge.Right}");
}
