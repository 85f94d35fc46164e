using System.IO.Compression;
using System.Text;

namespace RtMatching.Tests.Documents;

/// <summary>Small DOCX files, part by part.</summary>
internal sealed class DocxBuilder
{
    public const string Word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    private const string Office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    private readonly List<(string Name, byte[] Content)> _entries = [];
    private string _relationships = "";
    private string _types = "";
    private string _main = "";

    /// <summary>A document whose body is the given WordprocessingML.</summary>
    public static DocxBuilder WithBody(string body) => new DocxBuilder().Main(
        $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"{Word}\" xmlns:r=\"{Office}\" "
        + "xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\" xmlns:wps=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\" "
        + $"xmlns:v=\"urn:schemas-microsoft-com:vml\"><w:body>{body}</w:body></w:document>");

    public static DocxBuilder WithParagraphs(params string[] paragraphs) => WithBody(string.Concat(paragraphs.Select(Paragraph)));

    public static string Paragraph(string text) => $"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>";

    public DocxBuilder Main(string xml)
    {
        _main = xml;
        return this;
    }

    public DocxBuilder Entry(string name, byte[] content)
    {
        _entries.Add((name, content));
        return this;
    }

    public DocxBuilder ExternalRelationship(string type, string target)
    {
        _relationships += $"<Relationship Id=\"x{_relationships.Length}\" Type=\"{Office}/{type}\" Target=\"{target}\" TargetMode=\"External\"/>";
        return this;
    }

    public DocxBuilder Header(string text)
    {
        _relationships += $"<Relationship Id=\"h1\" Type=\"{Office}/header\" Target=\"header1.xml\"/>";
        _types += "<Override PartName=\"/word/header1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml\"/>";
        return Entry("word/header1.xml", Encoding.UTF8.GetBytes($"<w:hdr xmlns:w=\"{Word}\">{Paragraph(text)}</w:hdr>"));
    }

    public byte[] Build()
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            Write(archive, "[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
                + "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
                + "<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>"
                + _types + "</Types>");
            Write(archive, "_rels/.rels", Relationships($"<Relationship Id=\"r1\" Type=\"{Office}/officeDocument\" Target=\"word/document.xml\"/>"));
            if (_main.Length > 0) Write(archive, "word/document.xml", _main);
            Write(archive, "word/_rels/document.xml.rels", Relationships(_relationships));
            foreach (var (name, content) in _entries) Write(archive, name, content);
        }
        return file.ToArray();
    }

    /// <summary>An ordinary ZIP archive.</summary>
    public static byte[] Zip(params (string Name, string Content)[] entries)
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries) Write(archive, name, content);
        return file.ToArray();
    }

    private static string Relationships(string body) =>
        $"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{body}</Relationships>";

    private static void Write(ZipArchive archive, string name, string content) => Write(archive, name, Encoding.UTF8.GetBytes(content));

    private static void Write(ZipArchive archive, string name, byte[] content)
    {
        using var stream = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
        stream.Write(content);
    }
}
