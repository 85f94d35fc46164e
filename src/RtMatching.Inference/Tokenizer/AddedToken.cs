namespace RtMatching.Inference.Tokenizer;

/// <summary>A token that is found in the text as it is written, before any cutting and merging.</summary>
/// <param name="SingleWord">Only where no word character stands beside it.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
/// <param name="StripRight">Takes the white space after it along.</param>
/// <param name="Normalized">Looked for in the normalised text, in its normalised form; otherwise in the text as given.</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord = false, bool StripLeft = false, bool StripRight = false, bool Normalized = false);
