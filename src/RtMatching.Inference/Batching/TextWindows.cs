namespace RtMatching.Inference.Batching;

/// <summary>Cuts an endless run of texts into pieces that are tokenised, sorted by length and answered together.</summary>
internal static class TextWindows
{
    /// <summary>Reads no further than the window it gives. A window ends with the text that reaches either bound.</summary>
    public static IEnumerable<string[]> Of(IEnumerable<string> texts, int maxTexts, long maxCharacters)
    {
        var window = new List<string>();
        long characters = 0;
        foreach (var text in texts)
        {
            window.Add(text);
            characters += text?.Length ?? 0;   // null is refused, with its index, where it is tokenised
            if (window.Count < maxTexts && characters < maxCharacters) continue;

            yield return [.. window];
            window.Clear();
            characters = 0;
        }

        if (window.Count > 0) yield return [.. window];
    }
}
