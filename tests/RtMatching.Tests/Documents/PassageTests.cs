using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

public sealed class PassageTests
{
    private static List<string> Passages(string text) => TextPreparation.Passages(text, SectionFinder.Find(text)).Select(p => p.Of(text)).ToList();

    [Fact]
    public void Bullets_sentences_and_skills_without_headings_name_and_contacts()
    {
        const string text = "Jane Roe\njane@example.org | 909-555-0123\n\nSummary\nA cook with ten years in hotels. Loves bread.\n\n"
            + "Experience\nHead Chef, Example Inn\n• Led a kitchen of six people and planned the menus for\nthree restaurants of the group\n• Cut waste by 30%\n\nSkills\nC#\nBread, cakes";
        Assert.Equal(["A cook with ten years in hotels. Loves bread.", "Head Chef, Example Inn",
            "Led a kitchen of six people and planned the menus for\nthree restaurants of the group", "Cut waste by 30%", "C#\nBread, cakes"], Passages(text));
    }

    [Fact]
    public void A_title_run_together_with_contacts_is_not_quoted() =>
        Assert.Equal(["Ran a ward of twelve beds at night"],
            Passages("Jane Roe\nRegistered Nurse, Lowfield | jane@example.org | 909-555-0123\n\nExperience\n- Ran a ward of twelve beds at night"));

    [Fact]
    public void A_long_paragraph_is_cut_between_sentences()
    {
        var text = "Experience\n" + string.Join(' ', Enumerable.Range(1, 20).Select(i => $"Sentence number {i} tells of the work done in Graz."));
        var passages = Passages(text);
        Assert.All(passages, passage => Assert.True(passage.Length is > 30 and <= 300 && passage.EndsWith('.') && passage.StartsWith("Sentence")));
        Assert.Equal(text["Experience\n".Length..], string.Join(' ', passages));
    }

    [Fact]
    public void Chinese_sentences_need_no_spaces()
    {
        var sentence = "负责公司财务报表的编制和审核工作，熟悉税务法规。";
        var text = "工作经历\n" + string.Concat(Enumerable.Repeat(sentence, 20));
        Assert.All(Passages(text), passage => Assert.True(passage.Length <= 300 && passage.EndsWith('。')));
    }

    [Fact]
    public void Passages_of_any_text_are_ordered_trimmed_short_and_each_in_one_section()
    {
        var random = new Random(13);
        string[] pieces = ["word ", "Experience\n", "Skills\n", "- item ", ". ", "\n", "\n\n", "a-very-long-word-without-any-space", "会计。", "jane@example.org", "  ", "😀", "The end. Another "];
        for (var i = 0; i < 500; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(200)).Select(_ => pieces[random.Next(pieces.Length)]));
            var sections = SectionFinder.Find(text);
            var end = 0;
            foreach (var passage in TextPreparation.Passages(text, sections))
            {
                Assert.True(passage.Start >= end && passage.Length is > 0 and <= 300);
                end = passage.Start + passage.Length;
                Assert.Equal(passage.Of(text).Trim(), passage.Of(text));
                Assert.False(char.IsLowSurrogate(text[passage.Start]) || char.IsHighSurrogate(text[end - 1]));
                Assert.Single(sections, s => s.Kind == passage.Section && s.Start <= passage.Start && end <= s.Start + s.Length);
            }
        }
    }

    [Theory]
    [InlineData("A cook in Graz", "en")]
    [InlineData("负责后台系统开发，使用 C#, PostgreSQL, Kubernetes", "zh")]
    [InlineData("Worked for 华为 as an engineer in the cloud department", "en")]
    [InlineData("12345", "en")]
    [InlineData("", "en")]
    public void Language_by_script(string text, string language) => Assert.Equal(language, TextPreparation.Language(text));
}
