using Microsoft.ML.Tokenizers;
using RtMatching.Inference.Tokenizer;
using BpeTokenizer = RtMatching.Inference.Tokenizer.BpeTokenizer;

namespace RtMatching.Torch;

/// <summary>Byte-level byte-pair encoding by Microsoft.ML.Tokenizers, id for id that of <see cref="BpeTokenizer"/>.</summary>
/// <remarks>
/// The library maps bytes to its alphabet, merges them and caches words. What it has no exact means for is ours: normalising, the cutting into
/// words, and decoding (the library's passes over ids that no token has, and reads an added token's letters as bytes).
/// What a definition asks beyond that is refused by name. A text with a very long word goes to ours as a whole: the library's merging
/// takes time by the square of a word's length, so that a megabyte of letters without a space, of Chinese too, would occupy it for minutes.
/// So does a text in which normalising makes an added token of what is none.
/// Slower than ours, measured by the program of tests/RtMatching.Torch.Tests (<c>tokenizers</c>), so ours stays the default.
/// </remarks>
public sealed class MlTokenizer : ITokenizer
{
    private readonly Microsoft.ML.Tokenizers.BpeTokenizer _tokenizer;
    private readonly BpeTokenizer _ours;

    private MlTokenizer(BpeDefinition definition)
    {
        MlRefusals.Check(definition);
        _ours = new BpeTokenizer(definition); // Checks it, too.
        _tokenizer = Microsoft.ML.Tokenizers.BpeTokenizer.Create(Options(definition));
    }

    public int VocabularySize => _ours.VocabularySize;

    public IReadOnlyList<int> PrefixIds => _ours.PrefixIds;

    public IReadOnlyList<int> SuffixIds => _ours.SuffixIds;

    /// <summary>The same checked definition that ours is made of.</summary>
    /// <exception cref="InvalidTokenizerException">It contradicts itself, or asks for what the library cannot do.</exception>
    internal static MlTokenizer Create(BpeDefinition definition) => new(definition);

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            return _tokenizer.EncodeToIds(BpeTokenizer.WithoutLoneSurrogates(text)).ToArray();
        }
        catch (BeyondLibraryException)
        {
            return _ours.Encode(text);
        }
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids) => _ours.Decode(ids);

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
            Normalizer = definition.Normalization == default ? null : new PieceNormalizer(definition.Normalization, added),
            UnknownToken = definition.UnknownToken,
            FuseUnknownTokens = definition.FuseUnknown,
        };
    }

    /// <summary>Of a pair that stands twice the later place counts, as in the reference tokenizer; the library takes each pair once.</summary>
    private static IEnumerable<string> Merges(BpeDefinition definition) =>
        definition.Merges.Reverse().Distinct().Reverse().Select(merge => $"{merge.Left} {merge.Right}");
}
