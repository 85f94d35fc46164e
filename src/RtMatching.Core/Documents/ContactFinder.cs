using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>E-mail addresses, phone numbers, links and handles in a text.</summary>
internal static partial class ContactFinder
{
    /// <summary>Lines at the top in which a bare domain between separators is a person's page, not a company or a product ("Booking.com").</summary>
    private const int HeaderLines = 12;

    public static List<TextLine> Find(string text)
    {
        var found = new List<TextLine>();
        foreach (var match in Email().EnumerateMatches(text)) found.Add(new TextLine(match.Index, match.Length));
        foreach (var match in Link().EnumerateMatches(text)) found.Add(Untrailed(text, match));
        foreach (Match match in Handle().Matches(text)) found.Add(new TextLine(match.Groups[1].Index, match.Groups[1].Length));
        foreach (var match in BareDomain().EnumerateMatches(text.AsSpan(0, HeaderEnd(text)))) found.Add(new TextLine(match.Index, match.Length));
        found.AddRange(PhoneNumbers.Find(text));
        return found;
    }

    /// <summary>A sentence's full stop or bracket behind a link is not part of it.</summary>
    private static TextLine Untrailed(string text, ValueMatch match)
    {
        var length = match.Length;
        while (length > 0 && ".,;:!?)]}>'\"”’、。，；）".Contains(text[match.Index + length - 1])) length--;
        return new TextLine(match.Index, length);
    }

    private static int HeaderEnd(string text)
    {
        var lines = TextLine.All(text.Length > 4000 ? text[..4000] : text).Where(line => !line.IsBlank).Take(HeaderLines).ToList();
        return lines.Count == 0 ? 0 : lines[^1].End;
    }

    [GeneratedRegex(@"(?<![\w.%+-])(?:mailto:)?[\p{L}\p{N}._%+-]{1,64}\s?(?:@|＠|[\[(]\s?at\s?[\])])\s?(?:[\p{L}\p{N}-]{1,63}\.){1,6}(?:[\p{L}]{2,24}|\.\.)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Email();

    [GeneratedRegex(@"(?:https?|ftp)://[^\s<>""，。；、（）]{1,2000}|(?<![\w@.-])(?:www\.[^\s<>""，。；、（）]{3,500}|(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|io|dev|me|ai|cn|edu|co|uk|de|fr|in|app|info|page|tech|xyz|am|be)/[^\s<>""，。；、（）|]{1,500}|(?:linkedin|github|gitlab|twitter|facebook|instagram|medium|behance|dribbble|stackoverflow|kaggle|bitbucket)\.(?:com|org|net)\b(?:/[^\s<>""，。|]{1,300})?)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<=(?:^|[|•·,，;；:：/])[ ]{0,3})(?!(?:asp|ado|vb|node|socket|vue|next|nuxt|d3|three)\.)(?:[a-z0-9-]{1,63}\.){1,3}(?:com|org|net|io|dev|me|ai|cn|app|info|page|tech|xyz|am|be|de|fr|uk|co|edu)(?=[ ]{0,3}(?:$|[|•·,，;；]))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex BareDomain();

    [GeneratedRegex(@"\b(?:github|gitlab|linkedin|twitter|facebook|instagram|skype|wechat|telegram|whatsapp|QQ|line id|微信|微信号|QQ号)\s{0,2}[:：]\s{0,2}((?:@|/|live:)?[\w./@-]{2,80})(?=\s*(?:[|,;，；·•)]|$))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Handle();
}
