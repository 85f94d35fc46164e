using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

public sealed class SectionFinderTests
{
    [Theory]
    [InlineData("Experience", SectionKind.Experience)]
    [InlineData("WORK EXPERIENCE:", SectionKind.Experience)]
    [InlineData("--- Employment History ---", SectionKind.Experience)]
    [InlineData("3. Professional Experience", SectionKind.Experience)]
    [InlineData("Relevant Nursing Experience", SectionKind.Experience)]
    [InlineData("E X P E R I E N C E", SectionKind.Experience)]
    [InlineData("VOLUNTEER EXPERIENCE", SectionKind.Experience)]
    [InlineData("Education and Certifications", SectionKind.Education)]
    [InlineData("Technical Skills & Tools", SectionKind.Skills)]
    [InlineData("## Skills", SectionKind.Skills)]
    [InlineData("Profile", SectionKind.Summary)]
    [InlineData("HONORS/AWARDS", SectionKind.Other)]
    [InlineData("工作经历", SectionKind.Experience)]
    [InlineData("【教育背景】", SectionKind.Education)]
    [InlineData("二、专业技能：", SectionKind.Skills)]
    [InlineData("自 我 评 价", SectionKind.Summary)]
    [InlineData("技能与证书", SectionKind.Skills)]
    public void Headings(string line, SectionKind kind) => Assert.Equal(kind, SectionHeadings.Of(line));

    [Theory]
    [InlineData("Experienced cook with ten years in hotels")]
    [InlineData("experience in cooking.")]
    [InlineData("POSTECH(Pohang University of Science and Technology)")]
    [InlineData("Director of Education")]
    [InlineData("5 years experience")]
    [InlineData("I have the skills that you need")]
    [InlineData("负责公司的教育培训工作")]
    [InlineData("•")]
    public void Other_lines(string line) => Assert.Null(SectionHeadings.Of(line));

    [Fact]
    public void Sections_begin_at_headings_and_leave_no_gap()
    {
        const string text = "Jane Roe\n\nSummary\nCooks.\n\nWork Experience\nCook\n\nSkills: baking\nEducation\nSchool";
        var sections = SectionFinder.Find(text);
        Assert.Equal([SectionKind.Other, SectionKind.Summary, SectionKind.Experience, SectionKind.Skills, SectionKind.Education], sections.Select(s => s.Kind));
        Assert.Equal(["Jane Roe\n\n", "Summary\nCooks.\n\n", "Work Experience\nCook\n\n", "Skills: baking\n", "Education\nSchool"],
            sections.Select(s => text.Substring(s.Start, s.Length)));
    }

    [Fact]
    public void Any_text_is_covered_without_gap_or_overlap()
    {
        var random = new Random(5);
        string[] lines = ["", "Skills", "Education", "a line of words", " Experience ", "工作经历", "Skills: x", "\t"];
        for (var i = 0; i < 500; i++)
        {
            var text = string.Join('\n', Enumerable.Range(0, random.Next(12)).Select(_ => lines[random.Next(lines.Length)]));
            var end = 0;
            foreach (var section in SectionFinder.Find(text))
            {
                Assert.Equal(end, section.Start);
                Assert.True(section.Length > 0);
                end += section.Length;
            }
            Assert.Equal(string.IsNullOrWhiteSpace(text) ? 0 : text.Length, end);
        }
    }
}
