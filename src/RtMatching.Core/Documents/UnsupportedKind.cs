namespace RtMatching.Core.Documents;

/// <summary>Formats known only in order to name them and what to do instead.</summary>
internal static class UnsupportedKind
{
    private const string ImageRemedy = "run OCR on it and send the PDF or text";
    private const string ArchiveRemedy = "unpack it and ingest the files inside";

    /// <summary>(offset, first bytes, what a person is told)</summary>
    private static readonly (int Offset, byte[] Bytes, string Detail)[] Signatures =
    [
        (0, [0x89, .. "PNG"u8], $"a PNG image; {ImageRemedy}"),
        (0, [0xFF, 0xD8, 0xFF], $"a JPEG image; {ImageRemedy}"),
        (0, [.. "GIF8"u8], $"a GIF image; {ImageRemedy}"),
        (0, [.. "II*\0"u8], $"a TIFF image; {ImageRemedy}"),
        (0, [.. "MM\0*"u8], $"a TIFF image; {ImageRemedy}"),
        (8, [.. "WEBP"u8], $"a WebP image; {ImageRemedy}"),
        (4, [.. "ftyphei"u8], $"a HEIC image; {ImageRemedy}"),
        (4, [.. "ftyp"u8], "a video or audio file; send a document"),
        (0, [.. "{\\rtf"u8], "an RTF file; save it as DOCX or PDF"),
        (0, [.. "%!PS"u8], "a PostScript file; convert it to PDF"),
        (0, [.. "MIME-Version:"u8], "an e-mail or web archive; save its attachment, or the page as PDF"),
        (0, [0x7F, .. "ELF"u8], "an executable (ELF); send a document"),
        (0, [.. "MZ"u8, 0x90, 0], "an executable (Windows); send a document"),
        (0, [0xCA, 0xFE, 0xBA, 0xBE], "a compiled program; send a document"),
        (0, [0xCF, 0xFA, 0xED, 0xFE], "an executable (macOS); send a document"),
        (0, [0x1F, 0x8B], $"a gzip archive; {ArchiveRemedy}"),
        (0, [.. "BZh"u8], $"a bzip2 archive; {ArchiveRemedy}"),
        (0, [0xFD, .. "7zXZ"u8], $"an xz archive; {ArchiveRemedy}"),
        (0, [.. "7z"u8, 0xBC, 0xAF], $"a 7-Zip archive; {ArchiveRemedy}"),
        (0, [.. "Rar!"u8], $"a RAR archive; {ArchiveRemedy}"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], $"a Zstandard archive; {ArchiveRemedy}"),
        (257, [.. "ustar"u8], $"a tar archive; {ArchiveRemedy}"),
        (0, [.. "SQLite format 3"u8], "an SQLite database; export the texts as JSONL or CSV"),
    ];

    public static string? Of(ReadOnlySpan<byte> bytes)
    {
        foreach (var (offset, signature, detail) in Signatures)
            if (bytes.Length >= offset + signature.Length && bytes[offset..].StartsWith(signature)) return detail;
        return null;
    }
}
