using System.Text;
using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

/// <summary>Each format's text in reading order.</summary>
[Collection("parser")]
public sealed class ReaderTests(ParserFixture fixture)
{
    private Task<string> TextOfAsync(string text, DocumentFormat format) => fixture.TextOfAsync(Encoding.UTF8.GetBytes(text), format);

    [Fact]
    public async Task Pdf_lines_and_pages_with_running_headers_and_page_numbers_dropped()
    {
        if (!ParserFixture.HasPoppler) return;
        var pdf = PdfBuilder.WithPages(
            ["Jane Roe", "Experience", "Nurse at Example Hospital", "Jane Roe - Resume", "1 / 3"],
            ["Education", "Nursing School", "Jane Roe - Resume", "2 / 3"],
            ["Skills", "First aid", "Jane Roe - Resume", "3 / 3"]);
        Assert.Equal("Jane Roe\nExperience\nNurse at Example Hospital\n\nEducation\nNursing School\n\nSkills\nFirst aid",
            await fixture.TextOfAsync(pdf, DocumentFormat.Pdf));
    }

    [Fact]
    public async Task Docx_paragraphs_lists_breaks_hyperlinks_and_header()
    {
        var docx = DocxBuilder.WithBody("<w:p><w:r><w:t>Skills</w:t></w:r></w:p>"
            + "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t xml:space=\"preserve\">Nursing </w:t></w:r><w:hyperlink><w:r><w:t>care</w:t></w:r></w:hyperlink></w:p>"
            + "<w:p><w:r><w:t>One</w:t><w:br/><w:t>Two</w:t><w:tab/><w:t>Three</w:t></w:r></w:p>"
            + "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>seen</w:t></w:r></w:p>")
            .Header("Jane Roe, nurse").Build();
        Assert.Equal("Jane Roe, nurse\n\nSkills\n- Nursing care\nOne\nTwo Three\nseen", await fixture.TextOfAsync(docx, DocumentFormat.Docx));
    }

    [Fact]
    public async Task Docx_tables_by_rows_and_layout_tables_by_cells()
    {
        static string Cell(params string[] lines) => "<w:tc>" + string.Concat(lines.Select(DocxBuilder.Paragraph)) + "</w:tc>";
        var docx = DocxBuilder.WithBody(
            $"<w:tbl><w:tr>{Cell("2020")}{Cell("Cook")}</w:tr><w:tr>{Cell("2021")}{Cell("Chef")}</w:tr></w:tbl>"
            + $"<w:tbl><w:tr>{Cell("Contact", "Vienna")}{Cell("Experience", "Head chef")}</w:tr></w:tbl>").Build();
        Assert.Equal("2020 | Cook\n2021 | Chef\n\nContact\nVienna\nExperience\nHead chef", await fixture.TextOfAsync(docx, DocumentFormat.Docx));
    }

    [Fact]
    public async Task Docx_text_boxes_once_behind_their_paragraph()
    {
        var box = $"<w:txbxContent>{DocxBuilder.Paragraph("In the box")}</w:txbxContent>";
        var docx = DocxBuilder.WithBody("<w:p><w:r><w:t>Before</w:t></w:r><w:r><mc:AlternateContent>"
            + $"<mc:Choice Requires=\"wps\"><w:drawing><wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp></w:drawing></mc:Choice>"
            + $"<mc:Fallback><w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
            + $"<w:p><w:r><w:t>Old</w:t></w:r><w:r><w:pict><v:shape><v:textbox>{box.Replace("In the", "Old")}</v:textbox></v:shape></w:pict></w:r></w:p>").Build();
        Assert.Equal("Before\nIn the box\nOld\nOld box", await fixture.TextOfAsync(docx, DocumentFormat.Docx));
    }

    [Fact]
    public async Task Html_blocks_items_tables_and_entities()
    {
        const string html = "<!doctype html><html><head><title>CV of nobody</title><style>p{}</style></head><body><h1>Experience</h1><p>Cook &amp; baker<br>in  Graz"
            + "<ul><li><p>Bread</p><li>Cakes <b>and</b> pies</ul><table><tr><th>Year<th>Place<tr><td>2020<td>Graz</table><div style='display: none'>stuffing</div></body></html>";
        Assert.Equal("Experience\n\nCook & baker\nin Graz\n\n- Bread\n- Cakes and pies\n\nYear | Place\n2020 | Graz", await TextOfAsync(html, DocumentFormat.Html));
    }

    [Fact]
    public async Task Html_in_the_charset_that_it_declares()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var html = Encoding.GetEncoding(1251).GetBytes("<html><head><meta charset=\"windows-1251\"></head><body>Повар в ресторане</body></html>");
        Assert.Equal("Повар в ресторане", await fixture.TextOfAsync(html, DocumentFormat.Html));
    }

    [Fact]
    public async Task Markdown_without_its_marks()
    {
        const string markdown = "---\ntitle: cv\n---\n# Experience\n\n**Cook** at [Example](https://example.com), `C#`\nsecond line\n\n- Bread\n- Cakes\n  - Pies\n\n| Year | Place |\n|---|---|\n| 2020 | Graz |\n";
        Assert.Equal("Experience\nCook at Example, C# second line\n\n- Bread\n- Cakes\n- Pies\n\nYear | Place\n2020 | Graz",
            await TextOfAsync(markdown, DocumentFormat.Markdown));
    }

    [Fact]
    public async Task Plain_text_as_it_is()
    {
        Assert.Equal("Jane Roe\n- Cook # not a heading", await TextOfAsync("Jane Roe\r\n- Cook # not a heading\r\n", DocumentFormat.Text));
    }

    [Fact]
    public async Task Json_resume_under_headings()
    {
        const string json = """
            {"basics":{"name":"Jane Roe","label":"Cook","email":"jane@example.org","summary":"Cooks well.","location":{"city":"Graz"}},
             "work":[{"name":"Inn","position":"Chef","startDate":"2019","highlights":["Led six people"]}],
             "education":[{"institution":"School","area":"Cooking","studyType":"Diploma"}],
             "skills":[{"name":"Baking","level":"Master","keywords":["Bread","Pies"]}],"languages":[{"language":"German","fluency":"Native"}]}
            """;
        Assert.Equal("Name: Jane Roe\nCook\nGraz\njane@example.org\n\nSummary\nCooks well.\n\nExperience\nChef, Inn\n2019 - present\n- Led six people\n\n"
            + "Education\nDiploma Cooking, School\n\nSkills\nBaking (Master): Bread, Pies\n\nLanguages\nGerman: Native", await TextOfAsync(json, DocumentFormat.JsonResume));
    }

    [Fact]
    public async Task Json_resume_job()
    {
        const string json = """{"title":"Cook","company":"Inn","description":"We cook.","responsibilities":["Cook soup"],"qualifications":["Two years of soup"]}""";
        var text = await TextOfAsync(json, DocumentFormat.JsonResume);
        Assert.Equal(["Cook soup", "Two years of soup"], TextPreparation.Requirements(text).Select(r => r.Of(text)));
    }

    [Theory]
    [InlineData("[2020] Cook in Graz, then elsewhere", DocumentFormat.Text)]
    [InlineData("{curly} words open this text", DocumentFormat.Text)]
    [InlineData("<jane@example.org> is my address, a < b", DocumentFormat.Text)]
    [InlineData("<p>Cook</p><p>Baker</p>", DocumentFormat.Html)]
    [InlineData("<?xml version='1.0'?><!-- x --><html xmlns='http://www.w3.org/1999/xhtml'><body>Cook</body></html>", DocumentFormat.Html)]
    [InlineData("# Jane\n\n## Work\n\nCook", DocumentFormat.Markdown)]
    [InlineData("- Cook\n- Baker", DocumentFormat.Text)]
    public async Task Format_is_told_by_content(string text, DocumentFormat format) => await TextOfAsync(text, format);
}
