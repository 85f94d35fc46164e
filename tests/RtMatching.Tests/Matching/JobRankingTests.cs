using System.Text.Json;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;

namespace RtMatching.Tests.Matching;

public sealed class JobRankingTests : IAsyncLifetime
{
    private const string Job = "We look for a nurse.\n\nRequirements\n- Gives medication on a surgical ward\n- Keeps records of patients\n";
    private static readonly string[] Words = ["nurse", "ward", "patients", "cook", "kitchen", "menus", "records", "surgical", "bread", "night shifts"];

    private readonly CountedEmbedding _embedding = new();
    private Corpus _corpus = null!;
    private Ranking _ranking = null!;

    public async Task InitializeAsync()
    {
        _corpus = await Corpus.CreateAsync();
        _ranking = new Ranking(_corpus.Database, _corpus.Profile, _embedding.EmbedAsync);
        var random = new Random(7);
        for (var i = 0; i < 12; i++)
            await _corpus.AddAsync($"cv-{i}", $"Experience\n- {Some(random)}\n- {Some(random)} number {i}", tags: i % 2 == 0 ? ["even"] : ["odd"], location: i % 3 == 0 ? "Berlin" : null);
        for (var i = 0; i < 4; i++) await _corpus.AddAsync($"job-{i}", $"Requirements\n- {Some(random)}\n- {Some(random)} number {i}", DocumentKind.Job);
    }

    public Task DisposeAsync() => _corpus.DisposeAsync().AsTask();

    [Fact]
    public async Task It_ranks_as_the_ranking_does_whatever_is_asked_and_the_second_time_embeds_nothing()
    {
        var random = new Random(3);
        for (var i = 0; i < 25; i++)
        {
            var wanted = random.Next(2) == 0 ? DocumentKind.Cv : DocumentKind.Job;
            var request = Request(random);
            var job = _ranking.For(JobKey.Of(_corpus.Profile.Id, wanted, request));
            var expected = Text(await _ranking.RankAsync(wanted, request));
            Assert.Equal(expected, Text(await job.RankAsync(request)));

            var before = _embedding.Texts;
            Assert.Equal(expected, Text(await job.RankAsync(request)));
            Assert.Equal(before, _embedding.Texts);
        }
    }

    [Fact]
    public async Task Rankings_at_once_of_a_new_job_embed_it_once()
    {
        var request = new RankingRequest { Text = Job, Explain = true, Top = 3 };
        await _ranking.RankCandidatesAsync(request with { Text = "warm: passages and background lines" });
        var (job, before) = (_ranking.For(JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, request)), _embedding.Texts);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => job.RankAsync(request with { Explain = false })));
        Assert.Equal(before + 1, _embedding.Texts);
    }

    [Fact]
    public async Task A_stored_job_whose_content_has_changed_is_another_text()
    {
        var id = await _corpus.AddAsync("changing", Job, DocumentKind.Job);
        var request = new RankingRequest { DocumentId = id, Explain = true, Top = 2 };
        var job = _ranking.For(JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, request));
        var nurse = await job.RankAsync(request);
        Assert.Contains("Gives medication on a surgical ward", nurse[0].Explanation!.Requirements.Select(requirement => requirement.Requirement));

        await _corpus.AddAsync("changing", "We look for a cook.\n\nRequirements\n- Bakes bread in a kitchen\n", DocumentKind.Job);
        var cook = await job.RankAsync(request);
        Assert.Equal(["Bakes bread in a kitchen"], cook[0].Explanation!.Requirements.Select(requirement => requirement.Requirement));
        Assert.Equal(Text(await _ranking.RankCandidatesAsync(request)), Text(cook));
    }

    [Fact]
    public async Task A_request_for_another_job_or_version_is_refused()
    {
        var request = new RankingRequest { Text = Job };
        var key = JobKey.Of(_corpus.Profile.Id, DocumentKind.Cv, request);
        var job = _ranking.For(key);
        foreach (var other in new[] { request with { Text = Job + "!" }, request with { Text = null, DocumentId = 1 }, request with { Tenant = "other" }, request with { DocumentId = 1 } })
            await Assert.ThrowsAsync<ArgumentException>(() => job.RankAsync(other));
        Assert.Throws<ArgumentException>(() => _ranking.For(key with { ProfileVersionId = key.ProfileVersionId + 1 }));
    }

    [Theory]
    [InlineData("default", "a text", null, DocumentKind.Cv)]
    [InlineData("a/b c%2F", "", null, DocumentKind.Job)]
    [InlineData("", null, 17L, DocumentKind.Cv)]
    [InlineData("ÄÖ ü", null, long.MaxValue, DocumentKind.Job)]
    public void A_key_is_read_back_and_holds_nothing_of_the_text(string tenant, string? text, long? document, DocumentKind wanted)
    {
        var key = JobKey.Of(3, wanted, new RankingRequest { Tenant = tenant, Text = text, DocumentId = document });
        Assert.Equal(key, JobKey.Parse(key.ToString()));
        Assert.All(key.ToString(), c => Assert.True(char.IsAscii(c) && !char.IsControl(c) && c != ' '));
        if (text is { Length: > 0 }) Assert.DoesNotContain(text, key.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("default/3/cv")]
    [InlineData("default/3/cats/document-1")]
    [InlineData("default/-3/cv/document-1")]
    [InlineData("default/3/cv/document-")]
    [InlineData("default/3/cv/text-00")]
    [InlineData("default/3/cv/document-1/more")]
    public void What_is_no_key_is_refused(string key) => Assert.Throws<FormatException>(() => JobKey.Parse(key));

    [Fact]
    public async Task The_memory_is_bounded_and_keeps_what_was_used_last()
    {
        var memory = new VectorMemory(_embedding.EmbedAsync, [DocumentKind.Job]);
        var before = _embedding.Texts;
        for (var i = 0; i < VectorMemory.Capacity + 10; i++) await memory.EmbedAsync(["the job", $"line {i}"], DocumentKind.Job, default);
        Assert.Equal(VectorMemory.Capacity + 11, _embedding.Texts - before);
        await memory.EmbedAsync(["the job", $"line {VectorMemory.Capacity}"], DocumentKind.Job, default);
        Assert.Equal(VectorMemory.Capacity + 11, _embedding.Texts - before);
        Assert.Equal([Corpus.Vector("line 0"), Corpus.Vector("line 0")], await memory.EmbedAsync(["line 0", "line 0"], DocumentKind.Job, default));
        await memory.EmbedAsync(["the job"], DocumentKind.Cv, default);
        Assert.Equal(VectorMemory.Capacity + 14, _embedding.Texts - before);
    }

    private RankingRequest Request(Random random)
    {
        var request = new RankingRequest
        {
            Mode = (RankingMode)random.Next(3), Top = random.Next(1, 6), Offset = random.Next(3), Exact = random.Next(2) == 0, Explain = random.Next(2) == 0,
            Filter = random.Next(3) switch { 0 => RankingFilter.None, 1 => new RankingFilter { Tags = ["even"] }, _ => new RankingFilter { Location = "berl" } },
        };
        return random.Next(3) == 0 ? request with { DocumentId = random.Next(1, 17) } : request with { Text = $"Wanted\n\nRequirements\n- {Some(random)}\n- {Some(random)}\n" };
    }

    private static string Some(Random random) => string.Join(' ', Enumerable.Range(0, 4).Select(_ => Words[random.Next(Words.Length)]));

    private static string Text(IReadOnlyList<RankedDocument> ranking) => JsonSerializer.Serialize(ranking);
}
