using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Server;
using RtMatching.Server.Limits;
using RtMatching.Tests.Matching;

namespace RtMatching.Tests.Server.Rankings;

public sealed class FollowEndpointTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly object Nurse = new { text = "a nurse on a surgical ward", profile = "test", top = 1 };

    private ServerHost _server = null!;
    private Corpus _corpus = null!;
    private WordsBackend _backend = null!;

    public async Task InitializeAsync()
    {
        (_server, _corpus, _backend) = await WordsBackend.ServeAsync(new ServerOptions { Work = 0, Limits = new RequestLimits { Followers = 3 } });
        await _corpus.AddAsync("cook", "a cook in a kitchen");
        await _corpus.AddAsync("nurse", "a nurse on a ward");
    }

    public Task DisposeAsync() => _server.DisposeAsync().AsTask();

    [Fact]
    public async Task The_page_comes_at_once_and_again_when_it_has_changed()
    {
        using var events = await FollowAsync("candidates", Nurse);
        var page = await _server.PostAsync("/v1/rankings/candidates", Nurse);
        Assert.Equal(("ranking", page.GetRawText()), await events.NextAsync());

        await _corpus.AddAsync("painter", "a painter of walls");        // only below the page
        await _corpus.AddAsync("surgical", "a surgical nurse on a ward");
        var (name, data) = await events.NextAsync();
        Assert.Equal("ranking", name);
        Assert.Equal("surgical", JsonDocument.Parse(data).RootElement.GetProperty("ranking")[0].GetProperty("external_id").GetString());
    }

    [Fact]
    public async Task Jobs_are_followed_for_a_cv_and_a_subject_that_is_deleted_ends_it()
    {
        await _corpus.AddAsync("wanted", "a nurse", DocumentKind.Job);
        var cv = (await new DocumentStore(_corpus.Database).ListAsync(new DocumentQuery { ExternalId = "nurse" })).Single();
        using var events = await FollowAsync("jobs", new { candidate_id = cv.Id, profile = "test" });
        Assert.Contains("\"wanted\"", (await events.NextAsync()).Data, StringComparison.Ordinal);
        await _corpus.AddAsync("better", "a nurse on a ward", DocumentKind.Job);
        Assert.Contains("\"better\"", (await events.NextAsync()).Data, StringComparison.Ordinal);

        Assert.True(await new DocumentStore(_corpus.Database).DeleteAsync(cv.Id));
        var (name, data) = await events.NextAsync();
        Assert.Equal("ended", name);
        Assert.Contains($"no document {cv.Id}", JsonDocument.Parse(data).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Null((await events.NextOrEndAsync()).Name);
    }

    [Fact]
    public async Task What_is_wrong_is_told_as_for_a_ranking()
    {
        foreach (var (body, status) in new (object, HttpStatusCode)[]
        {
            (new { text = "a nurse", profile = "none" }, HttpStatusCode.Conflict), (new { job_id = 999_999, profile = "test" }, HttpStatusCode.NotFound),
            (new { profile = "test" }, HttpStatusCode.BadRequest), (new { text = "a nurse", profile = "test", topp = 1 }, HttpStatusCode.BadRequest),
            (new { text = "a nurse", profile = "test", top = 0 }, HttpStatusCode.BadRequest), (new { text = "  ", profile = "test" }, HttpStatusCode.BadRequest),
        })
        {
            var refused = await _server.PostAsync("/v1/rankings/candidates/follow", body, status);
            Assert.Equal(refused.GetProperty("detail").GetString(), (await _server.PostAsync("/v1/rankings/candidates", body, status)).GetProperty("detail").GetString());
        }

        Assert.Equal(0, _backend.Standing.Count);
    }

    [Fact]
    public async Task Followers_are_bounded_share_one_ranking_and_leave_nothing_when_they_go()
    {
        var events = new List<Events>();
        for (var i = 0; i < 3; i++) events.Add(await FollowAsync("candidates", Nurse));
        foreach (var follower in events) await follower.NextAsync();
        Assert.Equal(1, _backend.Standing.Count);
        using (var refused = await _server.Client.PostAsJsonAsync("/v1/rankings/candidates/follow", Nurse))
            await ServerHost.JsonAsync(refused, HttpStatusCode.ServiceUnavailable);

        foreach (var follower in events) follower.Dispose();
        using var patience = new CancellationTokenSource(Patience);
        while (_backend.Standing.Count > 0) await Task.Delay(10, patience.Token);
        using var next = await FollowAsync("candidates", Nurse);
        Assert.Equal("ranking", (await next.NextAsync()).Name);
    }

    private async Task<Events> FollowAsync(string wanted, object body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/rankings/{wanted}/follow") { Content = JsonContent.Create(body, options: ServerHost.Json) };
        var response = await _server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, response.StatusCode.ToString());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new Events(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    private sealed record Events(HttpResponseMessage Response, StreamReader Reader) : IDisposable
    {
        public async Task<(string Name, string Data)> NextAsync()
        {
            var (name, data) = await NextOrEndAsync();
            return (name ?? throw new EndOfStreamException(), data!);
        }

        public async Task<(string? Name, string? Data)> NextOrEndAsync()
        {
            var name = await LineAsync("event: ");
            return (name, name is null ? null : await LineAsync("data: "));
        }

        private async Task<string?> LineAsync(string start)
        {
            while (await Reader.ReadLineAsync().WaitAsync(Patience) is { } line)
                if (line.StartsWith(start, StringComparison.Ordinal)) return line[start.Length..];
            return null;
        }

        public void Dispose()
        {
            Reader.Dispose();
            Response.Dispose();
        }
    }
}
