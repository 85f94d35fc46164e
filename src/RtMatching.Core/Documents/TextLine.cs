namespace RtMatching.Core.Documents;

/// <summary>A line of a text without its white space at both ends; offsets in UTF-16 units of the text.</summary>
internal readonly record struct TextLine(int Start, int Length)
{
    public int End => Start + Length;

    public bool IsBlank => Length == 0;

    public ReadOnlySpan<char> Of(string text) => text.AsSpan(Start, Length);

    public static List<TextLine> All(string text)
    {
        var lines = new List<TextLine>();
        for (var start = 0; start <= text.Length;)
        {
            var end = text.IndexOf('\n', start);
            if (end < 0) end = text.Length;
            lines.Add(Trimmed(text, start, end));
            start = end + 1;
        }
        return lines;
    }

    public static TextLine Trimmed(string text, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(text[start])) start++;
        while (end > start && char.IsWhiteSpace(text[end - 1])) end--;
        return new TextLine(start, end - start);
    }
}
