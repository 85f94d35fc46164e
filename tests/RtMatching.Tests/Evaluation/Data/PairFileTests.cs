using System.Text;
using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Tests.Evaluation.Data;

public sealed class PairFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-pairs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(PairFormat.StsbEn, "split\tgenre\tdataset\tyear\tsid\tscore\tsentence1\tsentence2\r\ndev\tg\td\t2012\t1\t5.000\ta \"b\tc\r\ndev\tg\td\t2012\t2\t0.5\td\te\"\r\n", "a \"b|c|5", "d|e\"|0.5")]
    [InlineData(PairFormat.StsbZh, "2012-1||一架||飞机||5\n2012-2||男人||女人||0\n", "一架|飞机|5", "男人|女人|0")]
    [InlineData(PairFormat.Pawsx, "id\tsentence1\tsentence2\tlabel\n4\ta\tb\t1\n5\tc\td\t0\n", "a|b|1", "c|d|0")]
    [InlineData(PairFormat.Lcqmc, "一\t二\t1\n三\t四\t0", "一|二|1", "三|四|0")]
    [InlineData(PairFormat.Msrp, "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tHe said \"no.\tNo\r\n0\t9\t10\tx\ty\r\n", "He said \"no.|No|1", "x|y|0")]
    [InlineData(PairFormat.Jsonl, "{\"text1\":\"a\",\"text2\":\"b\",\"score\":0.25}\n\n{\"text1\":\"c\",\"text2\":\"d\",\"score\":true}\n", "a|b|0.25", "c|d|1")]
    [InlineData(PairFormat.Csv, "s1,s2,label\n\"a, \"\"b\"\"\",\"c\nd\",1\ne,f,0\n", "a, \"b\"|c\nd|1", "e|f|0")]
    [InlineData(PairFormat.Tsv, "Text A\tText B\tSimilarity\na\tb\t1e0\nc\td\t-2\n", "a|b|1", "c|d|-2")]
    public async Task Every_format_is_recognised_by_its_content(PairFormat format, string content, params string[] expected)
    {
        var file = await PairFile.ReadAsync(Write(content));
        Assert.Equal(format, file.Format);
        Assert.Equal(expected, file.Pairs.Select(pair => FormattableString.Invariant($"{pair.First}|{pair.Second}|{pair.Score}")));
    }

    [Fact]
    public async Task Columns_and_format_can_be_named()
    {
        var path = Write("question;answer;grade\n\"a;b\";c;3\nd;e;1\n");
        await Assert.ThrowsAsync<InvalidDataFileException>(() => PairFile.ReadAsync(path));
        var file = await PairFile.ReadAsync(path, new PairReading { Columns = ["answer", "question", "grade"] });
        Assert.Equal(new ScoredTexts("c", "a;b", 3), file.Pairs[0]);
        var forced = await PairFile.ReadAsync(Write("0.5\t1\t1\n0.5\t2\t0\n"), new PairReading { Format = PairFormat.Lcqmc });
        Assert.Equal(new ScoredTexts("0.5", "1", 1), forced.Pairs[0]);
    }

    [Fact]
    public async Task A_limit_takes_the_first_pairs_and_does_not_read_what_follows()
    {
        var path = Write("a\tb\t1\nc\td\t0\nbroken\n");
        Assert.Equal(2, (await PairFile.ReadAsync(path, new PairReading { Limit = 2 })).Pairs.Count);
        var constant = await Assert.ThrowsAsync<InvalidDataFileException>(() => PairFile.ReadAsync(Write("a\tb\t1\nc\td\t1\ne\tf\t0\n"), new PairReading { Limit = 2 }));
        Assert.Contains("--limit", constant.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n \r\n", "empty")]
    [InlineData("a\tb\0\t1\n", "UTF-8")]
    [InlineData("[{\"text1\":\"a\"}]", "one object a line")]
    [InlineData("a\tb\t1\nc\td\tNaN\n", "line 2")]
    [InlineData("a\tb\t1\nc\td\tInfinity\n", "line 2")]
    [InlineData("a\tb\t1\nc\td\tyes\n", "not a finite number")]
    [InlineData("a\tb\t1\nc\td\n", "2 columns instead of 3")]
    [InlineData("a\tb\t1\nc\t \t0\n", "holds no text")]
    [InlineData("a\tb\t1\nc\td\t1\n", "same score")]
    [InlineData("a\tb\t1\n", "1 pairs")]
    [InlineData("1||a||b||5\n2||a||b||c||4\n", "line 2: it has 5 columns instead of 4")]
    [InlineData("id\tsentence1\tsentence2\tlabel\n", "0 pairs")]
    [InlineData("neutral\ta\tb\nentailment\tc\td\n", "--columns")]
    [InlineData("{\"text1\":\"a\",\"text2\":\"b\",\"score\":1}\n{\"text1\":\"a\",\"text2\":\"b\",\n", "line 2: it is not valid JSON")]
    [InlineData("{\"text1\":\"a\",\"text2\":\"b\",\"score\":1}\n{\"text1\":\"a\",\"text2\":\"b\"}\n", "line 2: its column 'score'")]
    [InlineData("{\"text1\":\"\\ud800\",\"text2\":\"b\",\"score\":1}\n", "line 1")]
    [InlineData("s1,s2,score\n\"a,b,1\n", "quote")]
    public async Task A_bad_file_is_refused_with_its_name_and_place(string content, string expected)
    {
        var path = Write(content);
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(() => PairFile.ReadAsync(path));
        Assert.Contains(Path.GetFileName(path), refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_and_a_line_without_end_are_refused()
    {
        await Assert.ThrowsAsync<InvalidDataFileException>(() => PairFile.ReadAsync(Path.Combine(_folder, "nothing.tsv")));
        var path = Write("a\tb\t1\n" + new string('x', LabelledRows.MaxTextLength + 1));
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(() => PairFile.ReadAsync(path));
        Assert.Contains("line 2: it is longer", refused.Message, StringComparison.Ordinal);
    }

    private string Write(string content)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.txt");
        File.WriteAllText(path, content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }
}
