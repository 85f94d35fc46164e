namespace RtMatching.Core.Documents;

/// <summary>From a document's text to what is embedded: redaction, passages, language.</summary>
public static class TextPreparation
{
    /// <summary>Goes up whenever parsing, sections or redaction change what is embedded; part of every profile.</summary>
    public const int Version = 1;

    /// <summary>Characters that tell the language; a longer text is no surer.</summary>
    private const int LanguageSample = 100_000;

    /// <summary>
    /// A range of the text without the e-mails, phone numbers, URLs and the name in the header that fall into it. They are sought in
    /// the whole text, and remembered as long as the string lives: pass the same string for a document's every range.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the text.</exception>
    public static string Redact(string text, int start, int length) => Redaction.Redact(text, start, length);

    /// <summary>The whole text, redacted.</summary>
    public static string Redact(string text) => Redact(text, 0, text.Length);

    /// <summary>
    /// Short, self-contained pieces of the text (a bullet, a sentence or two, a skills line) that a reason can quote:
    /// in order, not overlapping, each inside one section, trimmed of white space, at most 300 characters.
    /// Headings and lines with only a name or contacts are left out.
    /// </summary>
    public static IReadOnlyList<Passage> Passages(string text, IReadOnlyList<Section> sections) => PassageFinder.Find(text, sections);

    /// <summary>
    /// The requirement lines of a job description: what a candidate must bring, without boilerplate. At most 20, in order;
    /// section <c>Skills</c> where asked for, <c>Experience</c> where a duty.
    /// </summary>
    public static IReadOnlyList<Passage> Requirements(string jobText) => RequirementFinder.Find(jobText);

    /// <summary>zh where Chinese characters prevail, else en.</summary>
    public static string Language(string text)
    {
        int chinese = 0, words = 0;
        var inWord = false;
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, LanguageSample)))
        {
            var isChinese = c is (>= '\u4E00' and <= '\u9FFF') or (>= '\u3400' and <= '\u4DBF') or (>= '\uF900' and <= '\uFAFF');
            if (isChinese) chinese++;
            var letter = !isChinese && char.IsLetter(c);
            if (letter && !inWord) words++;
            inWord = letter;
        }
        // A Chinese word has about two characters: a CV with Chinese prose and English product names is Chinese.
        return chinese > words && chinese > 0 ? "zh" : "en";
    }
}

/// <summary>A quotable piece of a text: <c>text.Substring(Start, Length)</c>, UTF-16 units.</summary>
public sealed record Passage(int Start, int Length, SectionKind Section)
{
    public string Of(string text) => text.Substring(Start, Length);
}
