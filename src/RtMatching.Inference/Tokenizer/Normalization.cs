namespace RtMatching.Inference.Tokenizer;

/// <summary>What becomes of a text before it is cut into words.</summary>
/// <param name="Compose">It is brought into Unicode's form C.</param>
/// <param name="Lowercase">After that each letter becomes a small one, by itself and whatever the language: LEAN is read as lean.</param>
internal readonly record struct Normalization(bool Compose, bool Lowercase)
{
    /// <summary>The one letter whose small form is two characters, i and a dot above; .NET's mapping leaves it as it is.</summary>
    private const string DottedCapitalI = "\u0130", SmallDottedI = "i\u0307";

    /// <summary>The text itself where nothing in it changes. No lone surrogates may be in it.</summary>
    public string Apply(string text)
    {
        var composed = Compose ? CanonicalComposition.Normalize(text) : text;
        return Lowercase ? composed.ToLowerInvariant().Replace(DottedCapitalI, SmallDottedI, StringComparison.Ordinal) : composed;
    }
}
