using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RtMatching.Core.Matching;
using RtMatching.Core.Profiles;
using RtMatching.Tests.Matching;

namespace RtMatching.Tests.Server.Rankings;

public sealed class BulkEndpointTests(BulkEndpointTests.BulkServer fixture) : IClassFixture<BulkEndpointTests.BulkServer>
{
    private const string Nurse = "{\"id\":\"n\",\"text\":\"a nurse wanted\"}\n";
    private const string Cook = "{\"id\":7,\"text\":\"a cook wanted\"}\n";

    private readonly ServerHost _server = fixture.Server;

    public sealed class BulkServer : IAsyncLifetime
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _loop = Task.CompletedTask;

        internal ServerHost Server { get; private set; } = null!;
        internal Corpus Corpus { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            (Server, Corpus, var backend) = await WordsBackend.ServeAsync();
            foreach (var text in (string[])["a nurse on a ward", "a cook in a kitchen", "a developer of web services"]) await Corpus.AddAsync(text, text, tags: [text[2..6].Trim()]);
            await Corpus.AddAsync("job-1", "we want a nurse", DocumentKind.Job);
            await Corpus.AddAsync("job-2", "we want a cook", DocumentKind.Job);
            var loop = new BulkRankingLoop(Corpus.Database, _ => Corpus.EmbedAsync);
            backend.BulkRankingStarted = _ => loop.Wake();
            _loop = loop.RunAsync(_stop.Token);
        }

        public async Task DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            await Server.DisposeAsync();
        }
    }

    [Fact]
    public async Task All_stored_jobs_are_ranked_as_the_command_line_would()
    {
        using var accepted = await _server.Client.PostAsJsonAsync("/v1/rankings/bulk", new { all_jobs = true, profile = "test", top = 2 });
        var submitted = await ServerHost.JsonAsync(accepted, HttpStatusCode.Accepted);
        var id = submitted.GetProperty("id").GetInt64();
        Assert.Equal(($"/v1/rankings/bulk/{id}", true), (accepted.Headers.Location?.ToString(), accepted.Headers.RetryAfter is not null));
        var done = await DoneAsync(id);
        Assert.Equal((2, 2, 0), (done.GetProperty("total").GetInt32(), done.GetProperty("ranked").GetInt32(), done.GetProperty("failed").GetInt32()));

        var path = Path.GetTempFileName();
        var local = new BulkRanking(fixture.Corpus.Database, fixture.Corpus.Ranking, Corpus.EmbedAsync);
        await local.RankAllAsync(local.StoredJobsAsync("default"), new RankingRequest { Top = 2 }, path);
        using var result = await _server.Client.GetAsync($"/v1/rankings/bulk/{id}/result");
        Assert.Equal("application/x-ndjson", result.Content.Headers.ContentType?.MediaType);
        Assert.Equal(await File.ReadAllBytesAsync(path), await result.Content.ReadAsByteArrayAsync());
        File.Delete(path);
    }

    [Fact]
    public async Task Jobs_sent_as_lines_are_ranked_with_the_settings_of_the_query()
    {
        var id = (await SubmitAsync(Nurse + "\n" + Cook, "?profile=test&top=1&tag=cook")).GetProperty("id").GetInt64();
        await DoneAsync(id);
        var lines = await LinesAsync(id);
        Assert.Equal(["n", "7"], lines.Select(line => line.GetProperty("job").GetString()));
        Assert.All(lines, line => Assert.Equal("a cook in a kitchen", line.GetProperty("candidates")[0].GetProperty("external_id").GetString()));
        var listed = await _server.GetAsync("/v1/rankings/bulk?limit=100");
        Assert.Contains(listed.GetProperty("items").EnumerateArray(), item => item.GetProperty("id").GetInt64() == id);
    }

    [Fact]
    public async Task Sent_twice_under_one_key_is_done_once()
    {
        var first = (await SubmitAsync(Nurse, "?profile=test", key: "once")).GetProperty("id").GetInt64();
        Assert.Equal(first, (await SubmitAsync(Nurse, "?profile=test", key: "once")).GetProperty("id").GetInt64());
        Assert.NotEqual(first, (await SubmitAsync(Nurse, "?profile=test", key: "other")).GetProperty("id").GetInt64());
        await SubmitAsync(Nurse, "?profile=test&top=3", HttpStatusCode.UnprocessableEntity, "once");
        await SubmitAsync(Nurse, "?profile=test", HttpStatusCode.BadRequest, "with space");
    }

    [Theory]
    [InlineData("", "top=1&tags=x", "tags")]
    [InlineData("", "top=many", "top")]
    [InlineData("", "top=0", "top")]
    [InlineData("", "top=1&top=2", "more than once")]
    [InlineData("", "mode=best", "mode")]
    [InlineData("", "since=yesterday", "since")]
    [InlineData("", "exact=1", "exact")]
    [InlineData("", "", "no job")]
    [InlineData("[]\n", "", "line 2")]
    [InlineData("{\"id\":2,\"text\":\" \"}\n", "", "line 2")]
    [InlineData("{\"id\":2,\"text\":\"a\\u0000b\"}\n", "", "NUL")]
    public async Task A_submission_that_is_wrong_is_refused_whole(string second, string query, string named)
    {
        var before = (await _server.GetAsync("/v1/rankings/bulk?limit=100")).GetProperty("items").GetArrayLength();
        var problem = await SubmitAsync(second.Length > 0 ? Nurse + second : "\n", $"?profile=test&{query}", HttpStatusCode.BadRequest);
        Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, (await _server.GetAsync("/v1/rankings/bulk?limit=100")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task What_is_no_submission_or_has_no_profile_is_told()
    {
        await _server.PostAsync("/v1/rankings/bulk", new { profile = "test" }, HttpStatusCode.BadRequest);
        await _server.PostAsync("/v1/rankings/bulk", new { all_jobs = true, profile = "test", explain = true }, HttpStatusCode.BadRequest);
        Assert.Contains("ingest", (await _server.PostAsync("/v1/rankings/bulk", new { all_jobs = true }, HttpStatusCode.Conflict)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var csv = await _server.Client.PostAsync("/v1/rankings/bulk", new StringContent("id,text", Encoding.UTF8, "text/csv"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, csv.StatusCode);
    }

    [Fact]
    public async Task Cancelling_one_that_has_ended_changes_nothing_and_deleting_it_leaves_nothing()
    {
        var id = (await SubmitAsync(Nurse, "?profile=test")).GetProperty("id").GetInt64();
        await DoneAsync(id);
        Assert.Equal("done", (await ServerHost.JsonAsync(await _server.Client.PostAsync($"/v1/rankings/bulk/{id}/cancel", null))).GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await _server.Client.DeleteAsync($"/v1/rankings/bulk/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.DeleteAsync($"/v1/rankings/bulk/{id}")).StatusCode);
        await _server.GetAsync($"/v1/rankings/bulk/{id}", HttpStatusCode.NotFound);
        await _server.GetAsync($"/v1/rankings/bulk/{id}/result", HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.PostAsync($"/v1/rankings/bulk/{id}/cancel", null)).StatusCode);
    }

    private async Task<JsonElement> SubmitAsync(string lines, string query, HttpStatusCode status = HttpStatusCode.Accepted, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/rankings/bulk" + query) { Content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson") };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var response = await _server.Client.SendAsync(request);
        return await ServerHost.JsonAsync(response, status);
    }

    private async Task<JsonElement> DoneAsync(long id)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); DateTime.UtcNow < end; await Task.Delay(20))
            if (await _server.GetAsync($"/v1/rankings/bulk/{id}") is var summary && summary.GetProperty("state").GetString() == "done") return summary;
        throw new TimeoutException($"Bulk ranking {id} did not end.");
    }

    private async Task<List<JsonElement>> LinesAsync(long id) =>
        [.. (await _server.Client.GetStringAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/rankings/bulk/{id}/result")))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
}
