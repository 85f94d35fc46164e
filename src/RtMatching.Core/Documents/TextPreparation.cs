namespace RtMatching.Core.Documents;

/// <summary>From a document's text to what is embedded: redaction, passages, language.</summary>
public static class TextPreparation
{
    /// <summary>Goes up whenever parsing, sections or redaction change what is embedded; part of every profile.</summary>
    public const int Version = 1;

    /// <summary>A range of the text without the e-mails, phone numbers, URLs and the name in the header that fall into it.</summary>
    public static string Redact(string text, int start, int length) => throw new NotImplementedException();

    /// <summary>The whole text, redacted.</summary>
    public static string Redact(string text) => Redact(text, 0, text.Length);

    /// <summary>
    /// Short, self-contained pieces of the text (a bullet, a sentence or two, a skills line) that a reason can quote:
    /// in order, not overlapping, each inside one section, trimmed of white space.
    /// </summary>
    public static IReadOnlyList<Passage> Passages(string text, IReadOnlyList<Section> sections) => throw new NotImplementedException();

    /// <summary>The requirement lines of a job description: what a candidate must bring, without boilerplate.</summary>
    public static IReadOnlyList<Passage> Requirements(string jobText) => throw new NotImplementedException();

    /// <summary>zh where Chinese characters prevail, else en.</summary>
    public static string Language(string text) => throw new NotImplementedException();
}

/// <summary>A quotable piece of a text: <c>text.Substring(Start, Length)</c>, UTF-16 units.</summary>
public sealed record Passage(int Start, int Length, SectionKind Section)
{
    public string Of(string text) => text.Substring(Start, Length);
}
