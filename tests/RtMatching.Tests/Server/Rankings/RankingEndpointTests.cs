using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Tests.Matching;

namespace RtMatching.Tests.Server.Rankings;

public sealed class RankingEndpointTests(RankingEndpointTests.RankingServer fixture) : IClassFixture<RankingEndpointTests.RankingServer>
{
    private const string JobText = "Wanted\n\nRequirements\n- Nurse on a surgical ward\n- Speaks Finnish\n";
    private static readonly string[] Cvs = ["a nurse on a surgical ward", "a nurse for children", "a cook in a kitchen", "a developer of web services", "a driver"];

    private readonly ServerHost _server = fixture.Server;

    public sealed class RankingServer : IAsyncLifetime
    {
        internal ServerHost Server { get; private set; } = null!;
        internal Corpus Corpus { get; private set; } = null!;
        internal WordsBackend Backend { get; private set; } = null!;
        internal long Nurse { get; private set; }

        public async Task InitializeAsync()
        {
            (Server, Corpus, Backend) = await WordsBackend.ServeAsync();
            for (var i = 0; i < Cvs.Length; i++) await Corpus.AddAsync($"cv-{i}", Cvs[i], tags: i % 2 == 0 ? ["even"] : [], location: i == 2 ? "Berlin Mitte" : null);
            Nurse = await Corpus.AddAsync("nurse-wanted", JobText, DocumentKind.Job);
            await Corpus.AddAsync("twice", "a cook for our kitchen", DocumentKind.Job);
            await Corpus.ExecuteAsync("insert into documents (source, external_id, kind, current_version, content_hash) select 'other', 'twice', 'job', 1, content_hash from documents where external_id = 'twice'");
            await Corpus.ExecuteAsync("insert into documents (source, external_id, kind) values ('test', 'not-yet', 'job')");
        }

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }

    [Fact]
    public async Task Text_number_and_external_id_name_the_same_job()
    {
        var id = fixture.Nurse;
        var alone = await fixture.Corpus.Ranking.RankCandidatesAsync(new RankingRequest { DocumentId = id });
        foreach (var subject in new object[] { new { job_id = id, profile = "test" }, new { external_id = "nurse-wanted", profile = "test" }, new { text = JobText, profile = "test" } })
        {
            var page = await _server.PostAsync("/v1/rankings/candidates", subject);
            Assert.Equal(("test", 1), (page.GetProperty("profile").GetString(), page.GetProperty("profile_version").GetInt32()));
            Assert.Equal(alone.Select(place => place.DocumentId), Ids(page));
            Assert.Equal(JsonValueKind.Null, page.GetProperty("next_offset").ValueKind);
        }
    }

    [Fact]
    public async Task Jobs_are_ranked_for_a_cv()
    {
        var page = await _server.PostAsync("/v1/rankings/jobs", new { external_id = "cv-0", source = "test", profile = "test" });
        Assert.Equal(fixture.Nurse, Ids(page)[0]);
        Assert.Equal(2, Ids(page).Count);
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("dense")]
    [InlineData("text")]
    public async Task Pages_join_to_the_whole_ranking(string mode)
    {
        var whole = await _server.PostAsync("/v1/rankings/candidates", new { text = JobText, profile = "test", mode, top = 100 });
        Assert.Equal(JsonValueKind.Null, whole.GetProperty("next_offset").ValueKind);
        for (var top = 1; top <= 3; top++)
        {
            var joined = new List<string>();
            for (int? offset = 0; offset is { } from;)
            {
                var page = await _server.PostAsync("/v1/rankings/candidates", new { text = JobText, profile = "test", mode, top, offset = from });
                joined.AddRange(page.GetProperty("ranking").EnumerateArray().Select(place => place.GetRawText()));
                offset = page.GetProperty("next_offset") is { ValueKind: JsonValueKind.Number } next ? next.GetInt32() : null;
            }

            Assert.Equal(whole.GetProperty("ranking").EnumerateArray().Select(place => place.GetRawText()), joined);
        }
    }

    [Fact]
    public async Task Filters_pass_what_they_say()
    {
        async Task<int> CountAsync(object filter) =>
            Ids(await _server.PostAsync("/v1/rankings/candidates", new { text = "nurse cook", profile = "test", filter })).Count;
        Assert.Equal(3, await CountAsync(new { tags = (string[])["even"] }));
        Assert.Equal(1, await CountAsync(new { location = "berlin" }));
        Assert.Equal(5, await CountAsync(new { language = "en" }));
        Assert.Equal(0, await CountAsync(new { since = "2026-01-01" }));
        Assert.Equal(0, await CountAsync(new { tags = (string[])["even"], until = "2026-01-01" }));
    }

    [Fact]
    public async Task Quotes_are_the_stored_text_at_their_offsets()
    {
        var page = await _server.PostAsync("/v1/rankings/candidates", new { text = JobText, profile = "test", explain = true, top = 1 });
        var place = page.GetProperty("ranking")[0];
        var body = Cvs[int.Parse(place.GetProperty("external_id").GetString()![3..], System.Globalization.CultureInfo.InvariantCulture)];
        var quotes = place.GetProperty("explanation").GetProperty("requirements").EnumerateArray()
            .Select(requirement => requirement.GetProperty("quote")).Where(quote => quote.ValueKind == JsonValueKind.Object).ToList();
        Assert.NotEmpty(quotes);
        foreach (var quote in quotes)
            Assert.Equal(body.Substring(quote.GetProperty("start").GetInt32(), quote.GetProperty("length").GetInt32()), quote.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("{\"text\":\"x\",\"tags\":[\"even\"]}", "tags")]
    [InlineData("{\"text\":\"x\",\"filter\":{\"tag\":\"even\"}}", "filter.tag")]
    [InlineData("{\"text\":\"x\",\"mode\":\"fuse\"}", "fused, dense, text")]
    [InlineData("{\"text\":\"x\",\"mode\":1}", "fused, dense, text")]
    [InlineData("{\"text\":\"x\",\"top\":\"many\"}", "top")]
    [InlineData("{\"text\":\"x\",\"top\":0}", "top")]
    [InlineData("{\"text\":\"x\",\"top\":10001}", "top")]
    [InlineData("{\"text\":\"x\",\"top\":600,\"explain\":true}", "explain")]
    [InlineData("{\"text\":\"x\",\"offset\":-1}", "offset")]
    [InlineData("{\"text\":\"x\",\"filter\":{\"since\":\"yesterday\"}}", "filter.since")]
    [InlineData("{\"text\":\"x\",\"filter\":{\"tags\":[null]}}", "filter.tags")]
    [InlineData("{\"text\":\"x\",\"filter\":{\"since\":\"2026-02-01\",\"until\":\"2026-01-01\"}}", "until")]
    [InlineData("{\"text\":\"x\",\"filter\":{\"location\":\"a\\u0000b\"}}", "NUL")]
    [InlineData("{\"text\":\"x\",\"text\":\"y\"}", "twice")]
    [InlineData("{\"text\":\"\\ud800\"}", "text")]
    [InlineData("{\"text\":\"  \"}", "empty")]
    [InlineData("{\"text\":\"x\",\"job_id\":1}", "exactly one")]
    [InlineData("{\"source\":\"test\",\"text\":\"x\"}", "source")]
    [InlineData("{}", "exactly one")]
    [InlineData("null", "null")]
    [InlineData("{\"text\":", "line 1")]
    [InlineData("", "JSON")]
    public async Task What_is_wrong_with_a_request_is_named(string body, string named)
    {
        var withProfile = body.StartsWith("{\"", StringComparison.Ordinal) && body.EndsWith('}') ? "{\"profile\":\"test\"," + body[1..] : body;
        using var response = await _server.Client.PostAsync("/v1/rankings/candidates", new StringContent(withProfile, Encoding.UTF8, "application/json"));
        var problem = await ServerHost.JsonAsync(response, HttpStatusCode.BadRequest);
        Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_however_it_is_written()
    {
        var text = new string('x', 200_001);
        using var told = await _server.Client.PostAsJsonAsync("/v1/rankings/candidates", new { text, profile = "test" });
        Assert.Contains("200,000", (await ServerHost.JsonAsync(told, HttpStatusCode.RequestEntityTooLarge)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var huge = new HttpRequestMessage(HttpMethod.Post, "/v1/rankings/candidates");
        huge.Content = new StringContent($$"""{"text": "{{new string('x', 5_000_000)}}", "profile": "test"}""", Encoding.UTF8, "application/json");
        huge.Headers.ExpectContinue = true;        // or the connection may end under the client while it still writes
        using var cut = await _server.Client.SendAsync(huge);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, cut.StatusCode);
        var longest = new string('x', 100_000) + string.Concat(Enumerable.Repeat(" y", 50_000));
        Assert.Equal(5, Ids(await _server.PostAsync("/v1/rankings/candidates", new { text = longest, profile = "test" })).Count);
    }

    [Fact]
    public async Task Another_content_type_is_415()
    {
        using var response = await _server.Client.PostAsync("/v1/rankings/candidates", new StringContent("text=x", Encoding.UTF8, "application/x-www-form-urlencoded"));
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_profile_that_is_not_stored_is_409_with_the_remedy()
    {
        var problem = await _server.PostAsync("/v1/rankings/candidates", new { text = "nurse" }, HttpStatusCode.Conflict);
        Assert.Contains("ingest", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Documents_that_cannot_be_ranked_for_are_told_apart()
    {
        var cv = Ids(await _server.PostAsync("/v1/rankings/candidates", new { text = "nurse", profile = "test" }))[0];
        async Task<string> DetailAsync(object subject, HttpStatusCode status) =>
            (await _server.PostAsync("/v1/rankings/candidates", subject, status)).GetProperty("detail").GetString()!;

        Assert.Contains("test, other", await DetailAsync(new { external_id = "twice", profile = "test" }, HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Equal(5, Ids(await _server.PostAsync("/v1/rankings/candidates", new { external_id = "twice", source = "other", profile = "test" })).Count);
        Assert.Contains("not embedded yet", await DetailAsync(new { external_id = "not-yet", profile = "test" }, HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Contains("is a cv", await DetailAsync(new { job_id = cv, profile = "test" }, HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("999999", await DetailAsync(new { job_id = 999999, profile = "test" }, HttpStatusCode.NotFound), StringComparison.Ordinal);
        Assert.DoesNotContain("Jane Doe", await DetailAsync(new { external_id = "Jane Doe.pdf", profile = "test" }, HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_away_takes_its_ranking_along()
    {
        var began = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        fixture.Backend.Before = async token =>
        {
            began.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            catch (OperationCanceledException)
            {
                cancelled.SetResult();
                throw;
            }
        };
        using var leave = new CancellationTokenSource();
        var asked = _server.Client.PostAsJsonAsync("/v1/rankings/candidates", new { text = "nurse", profile = "test" }, leave.Token);
        await began.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        fixture.Backend.Before = null;
    }

    private static List<long> Ids(JsonElement page) =>
        [.. page.GetProperty("ranking").EnumerateArray().Select(place => place.GetProperty("document_id").GetInt64())];
}
