using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Pooling;

/// <summary>A text is its ids, written out: "12 7 45". For models that have no words.</summary>
internal sealed class IdTokenizer(int vocabulary) : ITokenizer
{
    public int VocabularySize => vocabulary;
    public IReadOnlyList<int> PrefixIds => [];
    public IReadOnlyList<int> SuffixIds => [];
    public int[] Encode(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    public string Decode(ReadOnlySpan<int> ids) => Text(ids.ToArray());
    public static string Text(int[] ids) => string.Join(' ', ids);
}
