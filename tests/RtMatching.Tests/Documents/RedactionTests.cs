using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("Write to jane.roe+cv@mail.example.co.uk today", "Write to today")]
    [InlineData("Email: jane@example.org | Graz", "Graz")]
    [InlineData("邮箱：zhang_san@example.cn，上海", "上海")]
    [InlineData("jane [at] example.org", "")]
    [InlineData("See https://example.org/a?b=c. Then more", "See . Then more")]
    [InlineData("linkedin.com/in/jane-roe • cook", "cook")]
    [InlineData("GitHub: @janeroe", "")]
    [InlineData("微信：jane_roe88", "")]
    [InlineData("www.janeroe.example", "")]
    public void Mail_and_links_go(string line, string expected) => Assert.Equal("Skills\n" + expected + (expected.Length > 0 ? "\n" : "") + "end", TextPreparation.Redact($"Skills\n{line}\nend"));

    [Theory]
    [InlineData("+1 (909) 555-0123")]
    [InlineData("(909) 555-5555")]
    [InlineData("909.555.0123 ext. 12")]
    [InlineData("+49 30 123456-78")]
    [InlineData("0043 316 123456")]
    [InlineData("020 7946 0958")]
    [InlineData("06 12 34 56 78")]
    [InlineData("138 1234 5678")]
    [InlineData("13812345678")]
    [InlineData("010-12345678")]
    [InlineData("+86 138-1234-5678")]
    [InlineData("98765 43210")]
    [InlineData("Tel: 5551234")]
    [InlineData("tel:(+82) 10-9030-1843")]
    [InlineData("电话：82345678")]
    public void Phone_numbers_go(string phone) => Assert.Equal("cook in Graz\nbaker", TextPreparation.Redact($"cook in Graz\n{phone}\nbaker"));

    [Theory]
    [InlineData("2018 - 2020")]
    [InlineData("2015-2019")]
    [InlineData("01/2018 - 05/2020")]
    [InlineData("2018.06-2020.09")]
    [InlineData("2019-05-12")]
    [InlineData("12.05.2019 - 30.11.2020")]
    [InlineData("$1,200,000 budget")]
    [InlineData("1200000 users")]
    [InlineData("12 345 678 parts")]
    [InlineData("salary 50000-60000")]
    [InlineData("version 10.0.401.2")]
    [InlineData("ISO 9001:2015, patent 7654321")]
    [InlineData("192.168.100.200")]
    [InlineData("Node.js, ASP.NET and Booking.com")]
    [InlineData("99.97% of 1000000 requests")]
    public void Years_amounts_and_identifiers_stay(string text) =>
        Assert.Equal($"Skills\nmore than twenty\n{text}", TextPreparation.Redact($"Skills\nmore than twenty\n{text}"));

    [Theory]
    [InlineData("Jane Roe\nCook in Graz\nJane Roe cooks", "Cook in Graz\ncooks")]
    [InlineData("JANE VAN DER ROE | Cook\nworked", "Cook\nworked")]
    [InlineData("Curriculum Vitae\nDr. Jane O'Roe\nNurse", "Curriculum Vitae\nNurse")]
    [InlineData("Name: jane roe\nNurse", "Nurse")]
    [InlineData("Jane M. Roe, RN\nNurse", "RN\nNurse")]
    [InlineData("José Müller-Łęcki\nNurse", "Nurse")]
    [InlineData("张三\n会计\n张三负责报表", "会计\n负责报表")]
    [InlineData("姓名：李 小龙  性别：男\n会计", "性别：男\n会计")]
    [InlineData("欧阳小明的简历\n会计", "的简历\n会计")]
    public void The_name_in_the_header_goes_everywhere(string text, string expected) => Assert.Equal(expected, TextPreparation.Redact(text));

    [Theory]
    [InlineData("Software Engineer\nGraz")]
    [InlineData("SALES MANAGER\nSummary\nSells.")]
    [InlineData("Summary\nJane Street is a company")]
    [InlineData("个人简历\n求职意向：会计")]
    [InlineData("高级工程师\n上海")]
    [InlineData("we are looking for a cook\nin Graz")]
    public void Titles_and_headings_are_no_names(string text) => Assert.Equal(text, TextPreparation.Redact(text));

    [Fact]
    public void A_range_is_cut_from_what_was_found_in_the_whole_text()
    {
        const string text = "Jane Roe\nGraz\nJane Roe, cook, 909-555-0123";
        Assert.Equal("cook", TextPreparation.Redact(text, 14, text.Length - 14));
        Assert.Equal("Graz", TextPreparation.Redact(text, 9, 4));
        Assert.Equal("", TextPreparation.Redact(text, 2, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextPreparation.Redact(text, 10, text.Length));
    }

    [Fact]
    public void Nothing_private_survives_among_random_lines()
    {
        var random = new Random(11);
        string[] parts = ["jane@example.org", "+1 909 555 0123", "https://example.org/x", "Jane Roe", "cook", " | ", "\n", ", ", "Graz", "2018-2020"];
        for (var i = 0; i < 1000; i++)
        {
            var text = "Jane Roe\n" + string.Join(' ', Enumerable.Range(0, random.Next(20)).Select(_ => parts[random.Next(parts.Length)]));
            var redacted = TextPreparation.Redact(text);
            Assert.DoesNotContain("@", redacted, StringComparison.Ordinal);
            Assert.DoesNotContain("555", redacted, StringComparison.Ordinal);
            Assert.DoesNotContain("Jane Roe", redacted, StringComparison.Ordinal);
            Assert.DoesNotContain("http", redacted, StringComparison.Ordinal);
            Assert.Equal(Count(text, "cook"), Count(redacted, "cook"));
            Assert.Equal(Count(text, "2018-2020"), Count(redacted, "2018-2020"));
        }
    }

    [Fact]
    public void Hostile_text_is_redacted_in_time()
    {
        foreach (var unit in new[] { "a", "1 ", "a@", "http://", "www.", "a.", "(1)", "+", "Aa ", "name: ", "tel " })
            TextPreparation.Redact(string.Concat(Enumerable.Repeat(unit, 200_000 / unit.Length)));
    }

    private static int Count(string text, string word) => text.Split(word).Length - 1;
}
