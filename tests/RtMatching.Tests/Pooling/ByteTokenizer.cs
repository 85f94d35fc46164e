using System.Text;
using RtMatching.Inference.Tokenizer;

namespace RtMatching.Tests.Pooling;

/// <summary>One id for each byte of UTF-8, so that a test can say what a sequence must be.</summary>
internal sealed class ByteTokenizer(int vocabulary = 160, int[]? prefix = null, int[]? suffix = null) : ITokenizer
{
    /// <summary>Called with each text before it is encoded.</summary>
    public Action<string>? Encoding { get; init; }

    public int VocabularySize => vocabulary;
    public IReadOnlyList<int> PrefixIds { get; } = prefix ?? [];
    public IReadOnlyList<int> SuffixIds { get; } = suffix ?? [];

    public int[] Encode(string text)
    {
        Encoding?.Invoke(text);
        return [.. UTF8.GetBytes(text).Select(b => b % vocabulary)];
    }

    public string Decode(ReadOnlySpan<int> ids) => UTF8.GetString([.. ids.ToArray().Select(id => (byte)id)]);

    private static readonly Encoding UTF8 = System.Text.Encoding.UTF8;
}
