namespace RtMatching.Core.Documents;

/// <summary>The quotable pieces of a text.</summary>
internal static class PassageFinder
{
    private const int MaxLength = 300;

    /// <summary>Letters below which a line says nothing on its own; a skill ("Python", "会计") is shorter.</summary>
    private const int MinLetters = 10;

    private const int MinLettersOfSkill = 2;

    public static IReadOnlyList<Passage> Find(string text, IReadOnlyList<Section> sections)
    {
        var passages = new List<Passage>();
        bool IsPrivate(TextLine line) => Redaction.LeavesNothing(text, line.Start, line.End);
        foreach (var section in sections)
            foreach (var unit in TextUnits.Find(text, section.Start, section.Start + section.Length, IsPrivate))
                AddUnit(passages, text, unit, section.Kind);
        return passages;
    }

    private static void AddUnit(List<Passage> passages, string text, TextLine unit, SectionKind kind)
    {
        if (SectionHeadings.Of(unit.Of(text)) is not null || JobHeadings.IsWholeLine(unit.Of(text))) return;
        var item = TextUnits.WithoutBullet(text, unit);
        foreach (var piece in Sentences.Split(text, item, MaxLength, join: true))
            if (SaysSomething(text, piece, kind)) passages.Add(new Passage(piece.Start, piece.Length, kind));
    }

    private static bool SaysSomething(string text, TextLine piece, SectionKind kind)
    {
        var letters = 0;
        foreach (var c in piece.Of(text))
            if (char.IsLetter(c)) letters += c > '\u2E80' ? 2 : 1;
        if (letters < (kind == SectionKind.Skills ? MinLettersOfSkill : MinLetters)) return false;

        // Before the first heading stand name, title and contacts, often run together: nothing there is worth quoting beside them.
        return kind == SectionKind.Other ? !Redaction.Touches(text, piece.Start, piece.End) : !Redaction.LeavesNothing(text, piece.Start, piece.End);
    }
}
