using System.Text;
using RtMatching.Core.Matching;

namespace RtMatching.Tests.Matching;

public class FullTextTests
{
    [Theory]
    [InlineData("Senior C++/C# developer (.NET, Node.js)", "senior cplusplus csharp developer dotnet nodejs")]
    [InlineData("ASP.NET and F#; net income", "aspnet and fsharp net income")]
    [InlineData("C, D-flat; ABC# d++", "c d flat abc d")]
    [InlineData("数据库开发", "数据 据库 库开 开发")]
    [InlineData("用 Java 开发", "用 java 开发")]
    [InlineData("ＳＱＬ２", "sql2")]
    [InlineData("résumé naïve", "résumé naïve")]
    [InlineData("𠀀𠀁𠀂", "𠀀𠀁 𠀁𠀂")]
    [InlineData("  \n\t ", "")]
    public void Words(string text, string expected) => Assert.Equal(expected, FullText.Prepare(text));

    [Fact]
    public void HostileTextStaysSmallAndWhole()
    {
        Assert.Equal("a b", FullText.Prepare("a \ud800 \udc00 \0 b"));
        Assert.Equal("end", FullText.Prepare(new string('x', 1_000_000) + " end"));
        var unique = string.Join(' ', Enumerable.Range(0, 500_000));
        Assert.InRange(Encoding.UTF8.GetByteCount(FullText.Prepare(unique)), 300_000, 400_000);
    }

    [Fact]
    public async Task TheLargestPreparedTextFitsATsvector()
    {
        await using var corpus = await Corpus.CreateAsync();
        var random = new Random(1);
        var characters = new string([.. Enumerable.Range(0, 1_000_000).Select(_ => (char)random.Next(0x4E00, 0x9FFF))]);
        await corpus.AddAsync("long", characters, vector: Corpus.Direction(random));
        var words = string.Join(' ', Enumerable.Range(0, 500_000).Select(i => char.ConvertFromUtf32(0xAC00 + i % 11_000)));
        await corpus.AddAsync("short words", words, vector: Corpus.Direction(random));
    }
}
