using System.IO.Compression;

namespace RtMatching.Core.Documents;

/// <summary>Which of the many formats that are ZIP archives inside a file is; told by the names of its entries.</summary>
internal static class ArchiveKind
{
    /// <exception cref="UnusableDocumentException">Not a DOCX, or not a readable archive.</exception>
    public static DocumentFormat Detect(ReadOnlySpan<byte> bytes)
    {
        var names = EntryNames(bytes);
        if (names.Contains("[Content_Types].xml") && names.Any(n => n.StartsWith("word/document", StringComparison.OrdinalIgnoreCase)))
            return DocumentFormat.Docx;
        throw FormatDetector.Unsupported(Describe(names));
    }

    private static HashSet<string> EntryNames(ReadOnlySpan<byte> bytes)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(bytes.ToArray(), writable: false));
            return archive.Entries.Select(entry => entry.FullName).ToHashSet(StringComparer.Ordinal);
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException or ArgumentException)
        {
            var word = bytes.IndexOf("word/document"u8) >= 0 ? "a DOCX file" : "a ZIP archive";
            throw UnusableDocumentException.Corrupt($"{word} whose directory cannot be read; it seems cut off or damaged", broken);
        }
    }

    private static string Describe(HashSet<string> names)
    {
        bool Has(string prefix) => names.Any(n => n.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
        if (Has("word/")) return "a Word file without its main part (word/document.xml); save it again as DOCX";
        if (Has("xl/")) return "an Excel workbook; save it as CSV and ingest it as a bulk file";
        if (Has("ppt/")) return "a PowerPoint file; export it as PDF";
        if (names.Contains("mimetype")) return "an OpenDocument or EPUB file; export it as PDF or DOCX";
        if (Has("Index/Document.iwa")) return "an Apple Pages file; export it as PDF or DOCX";
        return "a ZIP archive; unpack it and ingest the files inside";
    }
}
