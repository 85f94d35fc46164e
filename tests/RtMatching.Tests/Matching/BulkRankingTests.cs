using System.Text.Json;
using RtMatching.Core.Ingestion;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Matching;

public sealed class BulkRankingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rtmatch-bulk").FullName;

    private string Output => Path.Combine(_folder, "out.jsonl");

    [Fact]
    public async Task EveryStoredJobIsRankedAsItWouldBeAlone()
    {
        await using var corpus = await CreateAsync();
        var bulk = new BulkRanking(corpus.Database, corpus.Ranking, Corpus.EmbedAsync);
        var done = await bulk.RankAllAsync(bulk.StoredJobsAsync("default"), new RankingRequest { Top = 2 }, Output, 3);
        Assert.Equal((3L, 0L, 3L), (done.Ranked, done.Skipped, done.Total!.Value));
        Assert.True(done.PerSecond > 0);
        var lines = Lines();
        Assert.Equal(["job-0", "job-1", "job-2"], lines.Select(line => line.GetProperty("job").GetString()));
        var alone = await corpus.Ranking.RankCandidatesAsync(new RankingRequest { Text = JobText(1), Top = 2 });
        Assert.Equal(alone.Select(place => place.ExternalId), lines[1].GetProperty("candidates").EnumerateArray().Select(place => place.GetProperty("external_id").GetString()));
    }

    [Fact]
    public async Task RunCutOffAnywhereIsContinuedToTheSameFile()
    {
        await using var corpus = await CreateAsync();
        var bulk = new BulkRanking(corpus.Database, corpus.Ranking, Corpus.EmbedAsync);
        var settings = new RankingRequest { Top = 2 };
        await bulk.RankAllAsync(bulk.StoredJobsAsync("default"), settings, Output);
        var whole = await File.ReadAllBytesAsync(Output);
        var lineEnds = whole.Select((value, i) => (value, i)).Where(pair => pair.value == '\n').Select(pair => pair.i + 1).ToArray();
        foreach (var cut in new[] { 0, 3, lineEnds[0], lineEnds[0] + 5, lineEnds[1] - 1, lineEnds[1] + 1, whole.Length - 1, whole.Length })
        {
            await File.WriteAllBytesAsync(Output, whole[..cut]);
            var done = await bulk.RankAllAsync(bulk.StoredJobsAsync("default"), settings, Output);
            Assert.Equal(lineEnds.Count(end => end <= cut), done.Skipped);
            Assert.Equal(whole, await File.ReadAllBytesAsync(Output));
        }
    }

    [Fact]
    public async Task OtherSettingsOtherTextOrOtherProfileAreRankedAgain()
    {
        await using var corpus = await CreateAsync();
        var bulk = new BulkRanking(corpus.Database, corpus.Ranking, Corpus.EmbedAsync);
        var jobs = new[] { new BulkJob("1", "nurse", null), new BulkJob("2", "cook", null) };
        async Task<(long, long)> RunAsync(BulkJob[] some, int top, BulkRanking? other = null)
        {
            var done = await (other ?? bulk).RankAllAsync(some.ToAsyncEnumerable(), new RankingRequest { Top = top }, Output);
            return (done.Ranked, done.Skipped);
        }

        Assert.Equal((2, 0), await RunAsync(jobs, 2));
        Assert.Equal((0, 2), await RunAsync(jobs, 2));
        Assert.Equal((2, 0), await RunAsync(jobs, 3));
        Assert.Equal((1, 1), await RunAsync([jobs[0], jobs[1] with { Text = "head cook" }], 2));
        var version = await Corpus.AddProfileAsync(corpus.Database, 2);
        Assert.Equal((2, 0), await RunAsync(jobs, 2, new BulkRanking(corpus.Database, new Ranking(corpus.Database, version, Corpus.EmbedAsync), Corpus.EmbedAsync)));
    }

    [Theory]
    [InlineData("not a ranking")]
    [InlineData("not a ranking\n")]
    [InlineData("{\"job\":\"1\",\"key\":\"k\"}\n{\"other\":1}\n")]
    [InlineData("{\"job\":\"1\",\"key\":\"k\"}\nprecious")]
    public async Task FileThatIsNoBulkRankingIsRefusedAndLeftAlone(string content)
    {
        await using var corpus = await Corpus.CreateAsync();
        await File.WriteAllTextAsync(Output, content);
        var bulk = new BulkRanking(corpus.Database, corpus.Ranking, Corpus.EmbedAsync);
        var error = await Assert.ThrowsAsync<InvalidLineException>(() => bulk.RankAllAsync(bulk.StoredJobsAsync("default"), new RankingRequest(), Output));
        Assert.Contains(Output, error.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(Output));
    }

    [Fact]
    public async Task JobsAreReadFromLines()
    {
        static async Task<List<BulkJob>> ReadAsync(string text, int max = 100)
        {
            using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            return await BulkRanking.ReadJobsAsync(stream, "jobs.jsonl", max).ToListAsync();
        }

        Assert.Equal([new BulkJob("7", "nurse", null), new BulkJob("b", "cook", null)],
            await ReadAsync("{\"id\": 7, \"text\": \"nurse\"}\n\n{\"id\": \"b\", \"text\": \"cook\", \"x\": 1}\n"));
        var tooLong = $"{{\"id\":1,\"text\":\"{new string('x', 101)}\"}}";
        foreach (var bad in (string[])["{\"id\": 1}", "[]", "{\"id\":1,\"text\":\" \"}", "{\"id\":1,\"text\":5}", "{", "{\"id\":1,\"text\":\"\\ud800\"}", tooLong, new string('x', 100_000)])
        {
            var error = await Assert.ThrowsAsync<InvalidLineException>(() => ReadAsync("{\"id\": 1, \"text\": \"a\"}\n" + bad));
            Assert.StartsWith("jobs.jsonl, line 2: ", error.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private List<JsonElement> Lines() => [.. File.ReadLines(Output).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string JobText(int i) => $"Wanted: {new[] { "nurse for the ward", "cook for the kitchen", "developer of services" }[i]}";

    private static async Task<Corpus> CreateAsync()
    {
        var corpus = await Corpus.CreateAsync();
        foreach (var text in (string[])["a nurse on a ward", "a cook in a kitchen", "a developer of web services", "a driver"]) await corpus.AddAsync(text, text);
        for (var i = 0; i < 3; i++) await corpus.AddAsync($"job-{i}", JobText(i), DocumentKind.Job);
        return corpus;
    }
}
