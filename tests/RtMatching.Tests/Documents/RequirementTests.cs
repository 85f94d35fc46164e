using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

public sealed class RequirementTests
{
    private static List<string> Requirements(string text) => TextPreparation.Requirements(text).Select(r => r.Of(text)).ToList();

    [Fact]
    public void Lines_under_headings_without_boilerplate()
    {
        const string job = """
            Head Chef
            About us
            We run three inns and love food.
            Location: Graz
            Responsibilities:
            - Lead a kitchen of six
            - Plan the menus
            Requirements
            * Five years in professional kitchens
            * Diploma in cooking; German is a plus
            What we offer
            - Free meals and a pension
            How to apply
            Send your CV to jobs@example.org
            Example Inn is an equal opportunity employer.
            """;
        Assert.Equal(["Lead a kitchen of six", "Plan the menus", "Five years in professional kitchens", "Diploma in cooking; German is a plus"], Requirements(job));
        Assert.Equal([SectionKind.Experience, SectionKind.Experience, SectionKind.Skills, SectionKind.Skills], TextPreparation.Requirements(job).Select(r => r.Section));
    }

    [Fact]
    public void A_cut_posting_without_headings_gives_its_sentences()
    {
        const string job = "Web Developer\r\n- At least 2 years of experience with ASP, JSP\r\nand Perl;\r\n- Good knowledge of database crea";
        Assert.Equal(["At least 2 years of experience with ASP, JSP\r\nand Perl;", "Good knowledge of database crea"], Requirements(job));
    }

    [Fact]
    public void Chinese_postings()
    {
        const string job = "后端工程师\n岗位职责：\n1、负责支付系统的设计与开发；\n2、优化系统性能。\n任职要求：\n1、本科及以上学历，三年以上经验；\n2、熟悉MySQL、Redis。\n福利待遇：\n五险一金，带薪年假";
        Assert.Equal(["负责支付系统的设计与开发；", "优化系统性能。", "本科及以上学历，三年以上经验；", "熟悉MySQL、Redis。"], Requirements(job));
    }

    [Fact]
    public void Text_behind_a_label_counts_and_a_labelled_place_ends_nothing()
    {
        const string job = "Requirements: a degree in law. Salary: 50,000\nLocation: Graz\nFluent German and English";
        Assert.Equal(["a degree in law.", "Fluent German and English"], Requirements(job).Where(r => !r.StartsWith("Salary")));
    }

    [Fact]
    public void At_most_twenty_qualifications_before_duties()
    {
        var job = "Duties\n" + string.Concat(Enumerable.Range(0, 15).Select(i => $"- Duty with the number {i}\n"))
            + "Qualifications\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"- Skill with the number {i}\n"));
        var found = TextPreparation.Requirements(job);
        Assert.Equal(20, found.Count);
        Assert.Equal(12, found.Count(r => r.Section == SectionKind.Skills));
        Assert.Equal(found.OrderBy(r => r.Start), found);
    }

    [Fact]
    public void The_title_is_no_requirement_though_the_lines_below_are_as_narrow()
    {
        const string job = "Java Developer for the Billing Platform of Example\nThe role requires a dedicated developer who\nenjoys new technologies.";
        Assert.Equal(["The role requires a dedicated developer who\nenjoys new technologies."], Requirements(job));
    }

    [Fact]
    public void A_posting_that_is_all_about_us_gives_what_it_has()
    {
        const string job = "About us\nThe kitchen of Example Inn cooks for three hundred guests.";
        Assert.Equal(["The kitchen of Example Inn cooks for three hundred guests."], Requirements(job));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("We are an equal opportunity employer. Apply now!")]
    public void Nothing_asked(string job) => Assert.Empty(Requirements(job));
}
