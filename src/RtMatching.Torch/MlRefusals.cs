using RtMatching.Inference.Tokenizer;

namespace RtMatching.Torch;

/// <summary>What a definition can ask for and <see cref="MlTokenizer"/> would do otherwise than the model's own tokenizer.</summary>
internal static class MlRefusals
{
    /// <exception cref="InvalidTokenizerException">It asks for such a thing; the message names it.</exception>
    public static void Check(BpeDefinition definition)
    {
        if (Find(definition) is { } what)
            throw new InvalidTokenizerException(
                $"{definition.Source}: {what}; Microsoft.ML.Tokenizers cannot do that. Load the model with RtMatching's own tokenizer, which does.");
    }

    private static string? Find(BpeDefinition definition)
    {
        if (definition.IgnoreMerges)
            return "words that are tokens as a whole are not merged (ignore_merges)";
        if (definition.AddPrefixSpace)
            return "a text gets a blank before it (add_prefix_space)";
        if (definition.Merges.FirstOrDefault(merge => merge.Left.Contains(' ') || merge.Right.Contains(' ')) is { Left: not null } merge)
            return $"a merge has a token with a blank in it ({DefinitionCheck.Quote(merge.Left)}, {DefinitionCheck.Quote(merge.Right)})";
        if (definition.Normalization == default && definition.AddedTokens.DistinctBy(token => token.Normalized).Count() > 1)
            return "some added tokens are looked for before normalising and others after it (normalized)";
        return definition.AddedTokens.Select(token => Find(token, definition.Normalization)).FirstOrDefault(what => what is not null);
    }

    private static string? Find(AddedToken token, Normalization normalization)
    {
        var flag = token switch
        {
            { SingleWord: true } => "not found within a word (single_word)",
            { StripLeft: true } => "one that takes the white space before it along (lstrip)",
            { StripRight: true } => "one that takes the white space after it along (rstrip)",
            { Normalized: true } when normalization != default => "looked for in the normalised text (normalized)",
            _ => null,
        };
        return flag is null ? null : $"the added token {DefinitionCheck.Quote(token.Content)} is {flag}";
    }
}
