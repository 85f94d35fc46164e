using System.Text;

namespace RtMatching.Core.Documents;

/// <summary>Compound files ([MS-CFB]): Office up to 2003, and the wrapper of encrypted newer documents.</summary>
internal static class OleKind
{
    public static ReadOnlySpan<byte> Magic => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

    public static UnusableDocumentException Unusable(ReadOnlySpan<byte> bytes)
    {
        if (HasStream(bytes, "EncryptedPackage"))
            return UnusableDocumentException.Encrypted("an Office document with a password; save it without one");
        return FormatDetector.Unsupported(
            HasStream(bytes, "WordDocument") ? "a Word 97-2003 file (.doc); save it as DOCX or PDF"
            : HasStream(bytes, "Workbook") ? "an Excel 97-2003 workbook (.xls); save it as CSV and ingest it as a bulk file"
            : HasStream(bytes, "__substg1.0_") ? "an Outlook message (.msg); save its attachment"
            : "an Office 97-2003 or other compound file; save it as DOCX or PDF");
    }

    /// <summary>Names of streams stand in UTF-16 in the directory sectors; no need to follow its chains.</summary>
    private static bool HasStream(ReadOnlySpan<byte> bytes, string name) => bytes.IndexOf(Encoding.Unicode.GetBytes(name)) >= 0;
}
