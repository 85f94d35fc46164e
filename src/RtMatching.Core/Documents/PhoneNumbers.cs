using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>
/// Phone numbers as people write them in many countries. Years, date ranges, amounts, versions and plain identifiers look alike:
/// a run of digits counts only with a sign of being a phone number.
/// </summary>
internal static partial class PhoneNumbers
{
    /// <summary>ITU-T E.164: 15 digits at most; below 7 no subscriber number with its area code.</summary>
    private const int MinDigits = 7;

    private const int MaxDigits = 15;

    public static List<TextLine> Find(string text)
    {
        var found = new List<TextLine>();
        foreach (var match in Candidate().EnumerateMatches(text))
            if (IsPhone(text, match.Index, match.Length)) found.Add(new TextLine(match.Index, match.Length));
        return found;
    }

    private static bool IsPhone(string text, int start, int length)
    {
        var number = text.AsSpan(start, length).TrimStart('(');
        var digits = Digits(number);
        if (digits is < MinDigits or > MaxDigits || IsAmount(text, start, length) || LooksLikeDates().IsMatch(number)) return false;
        if (number[0] == '+' || number.StartsWith("00")) return digits >= 8;
        var before = text.AsSpan(Math.Max(0, start - 24), Math.Min(24, start));
        return Label().IsMatch(before) || Shape().IsMatch(text.AsSpan(start, length));
    }

    private static int Digits(ReadOnlySpan<char> number)
    {
        var digits = 0;
        foreach (var c in number)
            if (char.IsAsciiDigit(c)) digits++;
        return digits;
    }

    private static bool IsAmount(string text, int start, int length)
    {
        if (start > 0 && text[start - 1] is '$' or '€' or '£' or '¥' or '￥' or '#') return true;
        var end = start + length;
        return end < text.Length && text[end] is '%' or '$' or '€' or '元' or '万';
    }

    [GeneratedRegex(@"(?<![\w.,/$€£¥-])(?:\+\s?|00)?\(?(?!(?:19|20)\d\d ?[-–] ?(?:19|20)\d\d)\d(?:[ ().\-–/]{0,3}(?!(?<!\d)(?:19|20)\d\d ?[-–] ?(?:19|20)\d\d)\d){6,16}(?:\s?(?:x|ext\.?|#)\s?\d{1,5})?(?![\d\w%])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Candidate();

    /// <summary>2018-2020, 2018 – 05/2020, 01/2018-05/2020, 2018.06-2020.09, 12-05-2019, 2019-05-12.</summary>
    [GeneratedRegex(@"^(?:(?:\d{1,2}[./ -])?(?:\d{1,2}[./ -])?(?:19|20)\d\d(?:[./-]\d{1,2}){0,2}[ ]?[–/. -]{0,3}[ ]?){1,2}(?:\d{1,2})?$")]
    private static partial Regex LooksLikeDates();

    [GeneratedRegex(@"(?:tel|telephone|phone|mobile|cell|fax|call|whatsapp|contact|ph|mob|电话|手机|手机号|手机号码|联系方式|传真|座机|手機|電話)\s{0,3}(?:no\.?|number|#)?\s{0,3}[.:：)]?\s{0,3}\(?\+?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    /// <summary>North America 3-3-4; China mobile and landline; India 5-5; a leading zero with groups (most of Europe).</summary>
    [GeneratedRegex(@"^(?:1[ .-]?)?\(?\d{3}\)?[ .\-–]{1,3}\d{3}[ .\-–]{1,2}\d{4}(?:\s?(?:x|ext).*)?$|^1[3-9]\d[ -]?\d{4}[ -]?\d{4}$|^\(?0\d{2,3}\)?[ -]\d{7,8}$|^[6-9]\d{4}[ -]?\d{5}$|^\(?0\d{1,4}\)?(?:[ /.-]{1,2}\d{2,4}){2,5}$|^0\d{2,4}[ -]\d{5,8}$|^07\d{9}$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
