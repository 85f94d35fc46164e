namespace RtMatching.Core.Documents;

/// <summary>Cuts a text into sections at its headings.</summary>
internal static class SectionFinder
{
    /// <summary>Sections in order, without gap or overlap, covering the whole text; what precedes the first heading is <c>Other</c>.</summary>
    public static IReadOnlyList<Section> Find(string text)
    {
        var starts = new List<(int Start, SectionKind Kind)>();
        foreach (var line in TextLine.All(text))
        {
            if (line.IsBlank) continue;
            var kind = SectionHeadings.Of(line.Of(text)) ?? SectionHeadings.OfLabel(line.Of(text));
            if (kind is null && starts.Count == 0) kind = SectionKind.Other;
            if (kind is { } opened) starts.Add((starts.Count == 0 ? 0 : line.Start, opened));
        }
        return Between(starts, text.Length);
    }

    private static List<Section> Between(List<(int Start, SectionKind Kind)> starts, int end)
    {
        var sections = new List<Section>(starts.Count);
        for (var i = 0; i < starts.Count; i++)
        {
            var next = i + 1 < starts.Count ? starts[i + 1].Start : end;
            sections.Add(new Section(starts[i].Kind, starts[i].Start, next - starts[i].Start));
        }
        return sections;
    }
}
