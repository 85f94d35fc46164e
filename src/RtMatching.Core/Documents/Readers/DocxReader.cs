using System.IO.Compression;
using System.Xml;
using DocumentFormat.OpenXml.Packaging;

namespace RtMatching.Core.Documents.Readers;

/// <summary>
/// WordprocessingML (ECMA-376). The archive's claims are checked by unpacking before the package is opened; parts are
/// streamed; relationships to the outside are never followed.
/// </summary>
internal sealed class DocxReader : IDocumentReader
{
    private const int RatioMatters = 1024 * 1024;

    public string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        try
        {
            CheckArchive(bytes, limits);
            return ReadParts(bytes, limits);
        }
        catch (Exception broken) when (IsDamage(broken))
        {
            throw UnusableDocumentException.Corrupt("the DOCX file is damaged or not well-formed; save it again", broken);
        }
    }

    private static bool IsDamage(Exception exception) => exception is XmlException or InvalidDataException or OpenXmlPackageException
        or FileFormatException or IOException or ArgumentException or InvalidOperationException or NotSupportedException or FormatException
        or KeyNotFoundException or NullReferenceException;

    private static void CheckArchive(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        using var archive = new ZipArchive(new MemoryStream(bytes.ToArray(), writable: false));
        if (archive.Entries.Count > limits.MaxArchiveEntries)
            throw UnusableDocumentException.TooLarge($"the DOCX file has {archive.Entries.Count} parts, more than {limits.MaxArchiveEntries}");
        var left = limits.MaxUnpackedBytes;
        foreach (var entry in archive.Entries)
        {
            if (entry.IsEncrypted) throw UnusableDocumentException.Encrypted("the DOCX file's archive has a password; save it without one");
            left -= entry.Length;
            if (left < 0 || Ratio(entry) > limits.MaxCompressionRatio) throw Bomb(limits);
        }
        foreach (var entry in archive.Entries.Where(IsXml)) CheckTrueSize(entry, limits);
    }

    private static double Ratio(ZipArchiveEntry entry) =>
        entry.Length < RatioMatters ? 1 : entry.Length / (double)Math.Max(1, entry.CompressedLength);

    private static bool IsXml(ZipArchiveEntry entry) =>
        entry.FullName.EndsWith(".xml", StringComparison.OrdinalIgnoreCase) || entry.FullName.EndsWith(".rels", StringComparison.OrdinalIgnoreCase);

    /// <summary>The directory's sizes are the sender's claim.</summary>
    private static void CheckTrueSize(ZipArchiveEntry entry, DocumentLimits limits)
    {
        var buffer = new byte[64 * 1024];
        using var stream = entry.Open();
        long unpacked = 0;
        for (int read; (read = stream.Read(buffer)) > 0;)
            if ((unpacked += read) > Math.Max(entry.Length, RatioMatters)) throw Bomb(limits);
    }

    private static UnusableDocumentException Bomb(DocumentLimits limits) => UnusableDocumentException.TooLarge(
        $"the DOCX file unpacks to more than {limits.MaxUnpackedBytes / (1024 * 1024)} MB, or {limits.MaxCompressionRatio} times its size");

    private static string ReadParts(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        var copy = new MemoryStream();
        copy.Write(bytes.Span);
        var settings = new OpenSettings
        {
            AutoSave = false,
            MaxCharactersInPart = limits.MaxUnpackedBytes,
            RelationshipErrorHandlerFactory = _ => new HarmlessUri(),
        };
        using var document = WordprocessingDocument.Open(copy, isEditable: true, settings);
        var main = document.MainDocumentPart ?? throw UnusableDocumentException.Corrupt("the DOCX file has no main part; save it again");
        var texts = main.HeaderParts.Select(header => PartText(header, limits)).Where(text => text.Any(char.IsLetterOrDigit)).Distinct();
        return string.Join("\n", texts.Append(PartText(main, limits)));
    }

    private static string PartText(OpenXmlPart part, DocumentLimits limits)
    {
        using var stream = part.GetStream(FileMode.Open, FileAccess.Read);
        using var reader = XmlReader.Create(stream, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = limits.MaxUnpackedBytes,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        });
        return new DocxText(limits.MaxTextLength).Of(reader);
    }

    /// <summary>Hyperlinks typed by people are often no valid URI ("mailto:a b"); they are not followed, so what stands in for them is all one.</summary>
    private sealed class HarmlessUri : RelationshipErrorHandler
    {
        public override string Rewrite(Uri partUri, string? id, string? uri) => "about:blank";
    }
}
