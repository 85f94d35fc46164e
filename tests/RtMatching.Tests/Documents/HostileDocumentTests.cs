using System.IO.Compression;
using System.Text;
using RtMatching.Core.Documents;
using Xunit.Abstractions;

namespace RtMatching.Tests.Documents;

/// <summary>Files made to break a parser: each has its stated outcome, and the parser goes on working.</summary>
[Collection("parser")]
public sealed class HostileDocumentTests(ParserFixture fixture, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private sealed record Case(DocumentOutcome Outcome, Func<byte[]> Build, string? DetailPart = null, string? TextPart = null);

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["empty"] = new(DocumentOutcome.Empty, () => []),
        ["white space only"] = new(DocumentOutcome.Empty, () => Utf8(" \r\n\t \n\f ")),
        ["invisible characters only"] = new(DocumentOutcome.Empty, () => Utf8("\u200B\u200E\u2060\u00A0\n")),
        ["pdf cut in half"] = new(DocumentOutcome.Corrupt, () => Half(PdfBuilder.WithText("Experience", "Engineer at Example"))),
        ["pdf with only a header"] = new(DocumentOutcome.Corrupt, () => Utf8("%PDF-1.7\n")),
        ["pdf with a password"] = new(DocumentOutcome.Encrypted, () => PdfBuilder.Encrypted("secret"), "password"),
        ["pdf scan"] = new(DocumentOutcome.NeedsOcr, PdfBuilder.Scan, "OCR"),
        ["pdf with a blank page"] = new(DocumentOutcome.Empty, PdfBuilder.Blank, "blank"),
        ["pdf without pages"] = new(DocumentOutcome.Empty, PdfBuilder.WithoutPages, "no pages"),
        ["pdf claiming a million pages"] = new(DocumentOutcome.Corrupt, () => PdfBuilder.ClaimingPages(1_000_000)),
        ["pdf with 302 pages"] = new(DocumentOutcome.TooLarge, () => PdfBuilder.WithPages([.. Enumerable.Repeat(new[] { "A page" }, 302)]), "300 pages"),
        ["pdf behind garbage"] = new(DocumentOutcome.Ok, () => [.. new byte[500], .. PdfBuilder.WithText("Behind five hundred bytes")], null, "Behind five"),
        ["pdf header in a text"] = new(DocumentOutcome.Corrupt, () => Utf8("My file starts with %PDF-1.4 but is a text.")),
        ["docx bomb"] = new(DocumentOutcome.TooLarge, () => DocxBuilder.WithParagraphs("x").Entry("word/media/a.bin", new byte[300 << 20]).Build(), "unpacks"),
        ["docx bomb in its text"] = new(DocumentOutcome.TooLarge, () => DocxBuilder.WithParagraphs(new string('a', 40 << 20)).Build()),
        ["docx with 100,000 parts"] = new(DocumentOutcome.TooLarge, ManyParts, "parts"),
        ["docx with an external template"] = new(DocumentOutcome.Ok, () => DocxBuilder.WithParagraphs("Template elsewhere")
            .ExternalRelationship("attachedTemplate", "http://127.0.0.1:9/evil.dotm").Build(), null, "Template elsewhere"),
        ["docx with a link that is no URI"] = new(DocumentOutcome.Ok, () => DocxBuilder.WithParagraphs("Broken link")
            .ExternalRelationship("hyperlink", "mailto:a b@c@@ http://[").Build(), null, "Broken link"),
        ["docx with XXE"] = new(DocumentOutcome.Corrupt, () => DocxBuilder.WithBody("").Main(
            $"<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><w:document xmlns:w=\"{DocxBuilder.Word}\"><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>").Build()),
        ["docx with zip slip"] = new(DocumentOutcome.Ok, () => DocxBuilder.WithParagraphs("Slippery names")
            .Entry("../../../../tmp/rtmatch-slip", [1]).Entry("/etc/rtmatch-slip", [1]).Build(), null, "Slippery names"),
        ["docx without its main part"] = new(DocumentOutcome.Unsupported, () => new DocxBuilder().Build(), "main part"),
        ["docx nested 100,000 levels"] = new(DocumentOutcome.Corrupt, () => DocxBuilder.WithBody(
            string.Concat(Enumerable.Repeat("<w:sdt><w:sdtContent>", 100_000))).Build()),
        ["docx nested and well-formed"] = new(DocumentOutcome.Corrupt, () => DocxBuilder.WithBody(Repeat("<w:sdt>", 5000) + Repeat("</w:sdt>", 5000)).Build(), "nested"),
        ["docx not well-formed"] = new(DocumentOutcome.Corrupt, () => DocxBuilder.WithBody("<w:p><w:r></w:p>").Build()),
        ["docx with a password"] = new(DocumentOutcome.Encrypted, () => Ole("EncryptedPackage"), "password"),
        ["docx cut in half"] = new(DocumentOutcome.Corrupt, () => Half(DocxBuilder.WithParagraphs("Cut").Entry("word/media/b.bin", Noise(5000)).Build())),
        ["zip of documents"] = new(DocumentOutcome.Unsupported, () => DocxBuilder.Zip(("a.txt", "x"), ("b.pdf", "y")), "unpack"),
        ["xlsx"] = new(DocumentOutcome.Unsupported, () => DocxBuilder.Zip(("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", "<w/>")), "Excel"),
        ["text with some NUL bytes"] = new(DocumentOutcome.Ok, () => Utf8("Jane\0 works as a nurse in a hospital.\0"), null, "Jane works"),
        ["binary noise"] = new(DocumentOutcome.Unsupported, () => Noise(4096)),
        ["NUL bytes only"] = new(DocumentOutcome.Unsupported, () => new byte[4096]),
        ["200 MB of text"] = new(DocumentOutcome.TooLarge, () => Filled(200 << 20), "MB"),
        ["15 MB of text"] = new(DocumentOutcome.TooLarge, () => Filled(15 << 20), "characters"),
        ["invalid UTF-8"] = new(DocumentOutcome.Ok, () => [.. Utf8("Résumé naïve café für Müller straße "), 0xFF, 0xC3], null, "Résumé naïve"),
        ["Windows-1252"] = new(DocumentOutcome.Ok, () => Encoding.Latin1.GetBytes("Caf\u00E9 manager, \u00A3 200 budget"), null, "Café manager, £ 200"),
        ["GB18030"] = new(DocumentOutcome.Ok, Gb18030, null, "精通数据库"),
        ["UTF-16 with mark"] = new(DocumentOutcome.Ok, () => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("会计 accountant")], null, "会计 accountant"),
        ["UTF-16 without mark"] = new(DocumentOutcome.Ok, () => Encoding.BigEndianUnicode.GetBytes("An accountant of Bath"), null, "accountant of Bath"),
        ["JSON 100,000 levels deep"] = new(DocumentOutcome.Corrupt, () => Utf8("{\"basics\":" + new string('[', 100_000)), "levels"),
        ["JSON that is no resume"] = new(DocumentOutcome.Unsupported, () => Utf8("{\"a\": 1}"), "JSON Resume"),
        ["JSON with a huge number"] = new(DocumentOutcome.Ok, () => Utf8("{\"basics\":{\"label\":\"Cook\",\"phone\":" + new string('9', 1_000_000) + "}}"), null, "Cook"),
        ["JSON with a lone surrogate"] = new(DocumentOutcome.Corrupt, () => Utf8("{\"basics\":{\"label\":\"\\ud800\"}}"), "escape"),
        ["JSON of the wrong types"] = new(DocumentOutcome.Ok, () => Utf8("{\"basics\":{\"label\":\"Cook\",\"location\":7,\"profiles\":{}},\"work\":[1,null,[],\"Chef\"],\"skills\":\"x\"}"), null, "Chef"),
        ["HTML 100,000 levels deep"] = new(DocumentOutcome.Corrupt, () => Utf8("<html><body>" + Repeat("<div>", 100_000)), "nested"),
        ["HTML with 50,000 siblings"] = new(DocumentOutcome.Ok, () => Utf8("<html><body>" + Repeat("<p>a line", 50_000)), null, "a line"),
        ["HTML with active content"] = new(DocumentOutcome.Ok, () => Utf8("<!doctype html><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'><script>while(true);</script>"
            + "<iframe src='http://127.0.0.1:9/'></iframe><img src=x onerror=alert(1)><p>Visible &amp; safe<p hidden>hidden words"), null, "Visible & safe"),
        ["HTML without end"] = new(DocumentOutcome.Ok, () => Utf8("<html><body><table><tr><td>Cook<td>2020<!-- " + new string('x', 100_000)), null, "Cook | 2020"),
        ["XML with a billion laughs"] = new(DocumentOutcome.Unsupported, () => Utf8("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]><lolz>&b;</lolz>"), "XML"),
        ["SVG"] = new(DocumentOutcome.Unsupported, () => Utf8("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>CV</text></svg>"), "XML"),
        ["RTF"] = new(DocumentOutcome.Unsupported, () => Utf8("{\\rtf1\\ansi A CV}"), "RTF"),
        ["doc"] = new(DocumentOutcome.Unsupported, () => Ole("WordDocument"), ".doc"),
        ["PNG"] = new(DocumentOutcome.Unsupported, () => [0x89, .. "PNG\r\n"u8, 0x1A, 10, .. Noise(100)], "PNG"),
        ["ELF"] = new(DocumentOutcome.Unsupported, () => [0x7F, .. "ELF"u8, .. Noise(100)], "executable"),
        ["gzip"] = new(DocumentOutcome.Unsupported, () => [0x1F, 0x8B, 8, .. Noise(100)], "gzip"),
        ["Markdown nested 100,000 levels"] = new(DocumentOutcome.Ok, () => Utf8("# A\n\n## B\n\n" + new string('>', 100_000) + " quoted"), null, "quoted"),
        ["Markdown with 100,000 brackets"] = new(DocumentOutcome.Ok, () => Utf8("# A\n\n## B\n\nend " + new string('[', 100_000)), null, "end"),
        ["one line of a million characters"] = new(DocumentOutcome.Ok, () => Utf8(Repeat("word ", 200_000)), null, "word word"),
        ["a million letters without a space"] = new(DocumentOutcome.Ok, () => Filled(1_000_000)),
        ["directions and zero-width characters"] = new(DocumentOutcome.Ok, () => Utf8("Na\u200Bme\u202E txt.exe\u202C \uFEFFend"), null, "Name txt.exe end"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Outcome_is_as_stated_and_the_parser_goes_on(string name)
    {
        var (outcome, build, detailPart, textPart) = Cases[name];
        var bytes = build();
        if (!ParserFixture.HasPoppler && bytes.AsSpan(0, Math.Min(1024, bytes.Length)).IndexOf("%PDF-"u8) >= 0)
        {
            await Assert.ThrowsAsync<DocumentToolMissingException>(() => fixture.Parser.ParseAsync(bytes));
            return;
        }
        var document = await fixture.Parser.ParseAsync(bytes).WaitAsync(Patience);
        output.WriteLine(document.Detail ?? "");
        Assert.Equal(outcome, document.Outcome);
        if (detailPart is not null) Assert.Contains(detailPart, document.Detail, StringComparison.Ordinal);
        if (textPart is not null) Assert.Contains(textPart, document.Text, StringComparison.Ordinal);
        Assert.Equal(outcome != DocumentOutcome.Ok, document.Detail is not null);
        Assert.Equal(outcome == DocumentOutcome.Ok, document.Text.Length > 0);
        Assert.Equal(document.Text.Length, document.Sections.Sum(section => section.Length));
        Assert.Equal("still working", (await fixture.Parser.ParseAsync(Utf8("still working"))).Text);
    }

    [Fact]
    public void There_are_at_least_thirty() => Assert.True(Cases.Count >= 30);

    [Fact]
    public async Task Nothing_active_or_hidden_is_in_the_text_of_html()
    {
        var text = (await fixture.Parser.ParseAsync(Cases["HTML with active content"].Build())).Text;
        Assert.Equal("Visible & safe", text);
    }

    [Fact]
    public async Task Bytes_at_random_never_throw_and_cut_documents_neither()
    {
        var random = new Random(7);
        byte[][] seeds = [DocxBuilder.WithParagraphs("Skills", "C#, SQL").Build(), Utf8("<html><body><p>Skills<p>C#</html>"), Utf8("{\"basics\":{\"label\":\"Cook\"},\"work\":[]}")];
        for (var i = 0; i < 150; i++)
        {
            var bytes = seeds[i % seeds.Length].ToArray();
            for (var change = 0; change < 1 + (i % 9); change++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var document = await fixture.Parser.ParseAsync(bytes.AsMemory(0, i % 2 == 0 ? bytes.Length : random.Next(bytes.Length))).WaitAsync(Patience);
            Assert.DoesNotContain("crashed", document.Detail ?? "", StringComparison.Ordinal);
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static byte[] Half(byte[] bytes) => bytes[..(bytes.Length / 2)];

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Filled(int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)'a');
        return bytes;
    }

    private static byte[] Gb18030()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        return Encoding.GetEncoding("GB18030").GetBytes("工作经历\n负责开发后台系统，精通数据库，熟悉分布式系统和网络编程。");
    }

    private static byte[] ManyParts()
    {
        var file = new MemoryStream(DocxBuilder.WithParagraphs("x").Build().ToArray().Length);
        file.Write(DocxBuilder.WithParagraphs("x").Build());
        using (var archive = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
            for (var i = 0; i < 100_000; i++) archive.CreateEntry($"word/p{i}.xml", CompressionLevel.NoCompression);
        return file.ToArray();
    }

    /// <summary>The start of a compound file with one stream's name in its directory.</summary>
    private static byte[] Ole(string stream) =>
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[504], .. Encoding.Unicode.GetBytes(stream), .. new byte[512]];
}
