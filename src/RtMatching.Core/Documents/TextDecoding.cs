using System.Text;

namespace RtMatching.Core.Documents;

/// <summary>
/// Bytes of a text file to characters: a byte-order mark decides; else UTF-8 where it is (nearly) valid, GB18030 where it
/// reads as common Chinese, Windows-1252 where nearly everything is printable. What is left is binary.
/// </summary>
internal static class TextDecoding
{
    /// <summary>Share of control characters above which bytes are not taken for text.</summary>
    private const double MaxControlShare = 0.02;

    static TextDecoding() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <exception cref="UnusableDocumentException">The bytes are not text.</exception>
    /// <param name="declared">The encoding that the document itself names, believed where the bytes are not UTF-8.</param>
    public static string Decode(ReadOnlySpan<byte> bytes, string? declared = null) => TryDecode(bytes, declared) ?? throw new UnusableDocumentException(
        DocumentOutcome.Unsupported, "a binary file of an unknown kind; send PDF, DOCX, HTML, Markdown, plain text or JSON Resume");

    /// <summary>The text, or null where the bytes are binary.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> bytes, string? declared = null)
    {
        if (bytes.StartsWith("\uFEFF"u8)) return TextOrNull(Encoding.UTF8.GetString(bytes[3..]));
        if (bytes.StartsWith(new byte[] { 0xFF, 0xFE, 0, 0 })) return TextOrNull(Encoding.UTF32.GetString(bytes[4..]));
        if (bytes.StartsWith(new byte[] { 0xFF, 0xFE })) return TextOrNull(Encoding.Unicode.GetString(bytes[2..]));
        if (bytes.StartsWith(new byte[] { 0xFE, 0xFF })) return TextOrNull(Encoding.BigEndianUnicode.GetString(bytes[2..]));
        if (Utf16WithoutMark(bytes) is { } utf16) return TextOrNull(utf16.GetString(bytes));
        if (IsNearlyUtf8(bytes)) return TextOrNull(Encoding.UTF8.GetString(bytes));
        if (Known(declared) is { } named && TextOrNull(named.GetString(bytes)) is { } text) return text;
        return TryGb18030(bytes) ?? TextOrNull(Encoding.GetEncoding(1252).GetString(bytes));
    }

    private static Encoding? Known(string? name)
    {
        try
        {
            return name is null ? null : Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string? TextOrNull(string text)
    {
        var controls = 0;
        foreach (var c in text)
            if (c == '\uFFFD' || (char.IsControl(c) && c is not ('\n' or '\r' or '\t' or '\f' or '\v'))) controls++;
        return controls <= Math.Max(text.Length * MaxControlShare, 4) ? text : null;
    }

    /// <summary>Latin text in UTF-16 has a zero in every other byte, always on the same side.</summary>
    private static Encoding? Utf16WithoutMark(ReadOnlySpan<byte> bytes)
    {
        var sample = bytes[..(Math.Min(bytes.Length, 4096) & ~1)];
        if (sample.Length < 4) return null;
        int even = 0, odd = 0;
        for (var i = 0; i < sample.Length; i += 2)
        {
            if (sample[i] == 0) even++;
            if (sample[i + 1] == 0) odd++;
        }
        var most = sample.Length / 2 * 0.6;
        if (odd > most && even == 0) return Encoding.Unicode;
        return even > most && odd == 0 ? Encoding.BigEndianUnicode : null;
    }

    /// <summary>Valid, or with so few bad sequences among good ones that another encoding is out of the question.</summary>
    private static bool IsNearlyUtf8(ReadOnlySpan<byte> bytes)
    {
        int good = 0, bad = 0;
        for (var rest = bytes; !rest.IsEmpty;)
        {
            var ascii = rest.IndexOfAnyExceptInRange((byte)0, (byte)0x7F);
            if (ascii < 0) break;
            rest = rest[ascii..];
            var status = Rune.DecodeFromUtf8(rest, out _, out var consumed);
            if (status == System.Buffers.OperationStatus.Done) good++;
            else bad++;
            rest = rest[consumed..];
        }
        return bad == 0 || good >= 2 * bad;
    }

    /// <summary>
    /// Almost any bytes decode as GB18030, so the text must also look Chinese: most two-byte characters are the
    /// 3,755 common ones (GB 2312 level 1, lead bytes B0-D7), which accented Latin letters before a letter never are.
    /// </summary>
    private static string? TryGb18030(ReadOnlySpan<byte> bytes)
    {
        int pairs = 0, common = 0;
        for (var i = 0; i + 1 < bytes.Length; i++)
        {
            if (bytes[i] < 0x80) continue;
            pairs++;
            if (bytes[i] is >= 0xB0 and <= 0xD7 && bytes[i + 1] >= 0xA1) common++;
            i++;
        }
        if (pairs < 4 || common < pairs * 0.6) return null;
        return TextOrNull(Encoding.GetEncoding("GB18030").GetString(bytes));
    }
}
