using RtMatching.Core.Evaluation.Data;

namespace RtMatching.Tests.Evaluation.Data;

public sealed class JobPairsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-jobs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Texts_in_the_pairs()
    {
        var data = await JobPairs.ReadAsync(Write("pairs.jsonl", "{\"job\":\"cook wanted\",\"cv\":\"chef\",\"score\":4}\n{\"job\":\"cook wanted\",\"cv\":\"nurse\",\"score\":0.5}\n"));
        Assert.Equal([new JobPair("cook wanted", "chef", 4), new JobPair("cook wanted", "nurse", 0.5)], data.Pairs);
    }

    [Fact]
    public async Task Texts_by_their_ids()
    {
        var reading = new JobPairReading
        {
            Jobs = Write("jobs.csv", "id,text\nj1,cook wanted\n"), Cvs = Write("cvs.jsonl", "{\"id\":1,\"text\":\"chef\"}\n{\"id\":2,\"text\":\"nurse\"}\n"),
        };
        var data = await JobPairs.ReadAsync(Write("pairs.csv", "job_id,cv_id,label\nj1,1,true\nj1,2,false\n"), reading);
        Assert.Equal([new JobPair("cook wanted", "chef", 1), new JobPair("cook wanted", "nurse", 0)], data.Pairs);
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(
            () => JobPairs.ReadAsync(Write("bad.csv", "job_id,cv_id,label\nj1,1,true\nj1,3,false\n"), reading));
        Assert.Contains("row 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--cvs", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_cv_for_all_jobs()
    {
        var reading = new JobPairReading { Cv = Write("cv.txt", "chef\nof soups"), Columns = ["ad", "fits"] };
        var data = await JobPairs.ReadAsync(Write("ads.csv", "no,ad,fits\n1,\"cook,\nurgent\",True\n2,nurse,False\n"), reading);
        Assert.Equal([new JobPair("cook,\nurgent", "chef\nof soups", 1), new JobPair("nurse", "chef\nof soups", 0)], data.Pairs);
        var recognised = await JobPairs.ReadAsync(Write("ads2.csv", "job_description,label\ncook,1\nnurse,0\n"), reading with { Columns = null });
        Assert.Equal("cook", recognised.Pairs[0].Job);
    }

    [Theory]
    [InlineData("job,cv,label\na,b,1\nc,d,1\n", "same score")]
    [InlineData("job,cv,label\na,b,1\nc,,0\n", "row 2")]
    [InlineData("job,cv,label\na,b,1\nc,d,maybe\n", "row 2")]
    [InlineData("a,b,c\n1,2,3\n", "--columns")]
    public async Task A_bad_file_is_refused(string content, string expected)
    {
        var refused = await Assert.ThrowsAsync<InvalidDataFileException>(() => JobPairs.ReadAsync(Write("pairs.csv", content)));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
