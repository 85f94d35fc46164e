using RtMatching.Core.Documents;

namespace RtMatching.Tests.Documents;

public sealed class TextNormalizationTests
{
    [Theory]
    [InlineData("a\r\nb\rc\u2028d\fe", "a\nb\nc\nd\n\ne")]
    [InlineData("e\u0301 o\uFB03ce \uFB02at", "é office flat")]
    [InlineData("re\u00ADsume\u200B \uFEFFx\0y\u0007", "resume xy")]
    [InlineData("  a \u00A0\t b  \n\n\n\n\n c  ", "a b\n\n\nc")]
    [InlineData("\uF0B7 item\n\u25CF other\n•\nthird\n|\nend", "• item\n• other\n• third\nend")]
    [InlineData("smile \U0001F600 \U000F0000 on\u2010call", "smile 😀 on-call")]
    [InlineData("", "")]
    public void One_form(string raw, string expected) => Assert.Equal(expected, TextNormalization.Normalize(raw));

    /// <summary>Not as a case above: an attribute's text must be valid itself.</summary>
    [Fact]
    public void Lone_surrogates_are_replaced() => Assert.Equal("x\uFFFDy \uFFFD", TextNormalization.Normalize("x\uD800y \uDC00"));

    [Fact]
    public void Normal_text_stays_and_every_text_becomes_normal()
    {
        var random = new Random(3);
        const string alphabet = "ab \n\r\t\f•|-é\u0301ﬁ\u00AD\u200B\u00A0\uD83D\uDE00中。\0";
        for (var i = 0; i < 2000; i++)
        {
            var raw = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            var once = TextNormalization.Normalize(raw);
            Assert.Equal(once, TextNormalization.Normalize(once));
            Assert.DoesNotContain(once, c => char.IsControl(c) && c != '\n');
            Assert.DoesNotContain("\n\n\n\n", once, StringComparison.Ordinal);
        }
    }
}
