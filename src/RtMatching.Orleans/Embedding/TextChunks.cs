using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Embedding;

/// <summary>Texts in the calls that carry them.</summary>
internal static class TextChunks
{
    /// <summary>In order; none is larger than a call may be, but for a single text that is.</summary>
    /// <param name="mostTexts">Of a call.</param>
    public static IEnumerable<ArraySegment<string>> Of(string[] texts, int mostTexts)
    {
        var first = 0;
        var characters = 0L;
        for (var i = 0; i < texts.Length; i++)
        {
            if (i > first && (i - first == mostTexts || characters + texts[i].Length > CallLimits.Characters))
            {
                yield return new ArraySegment<string>(texts, first, i - first);
                (first, characters) = (i, 0);
            }

            characters += texts[i].Length;
        }

        if (first < texts.Length) yield return new ArraySegment<string>(texts, first, texts.Length - first);
    }
}
